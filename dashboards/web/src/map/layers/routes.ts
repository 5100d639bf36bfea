/**
 * The ways of the units that drive somewhere. A way over roads is a full line. Where only a straight line is known the line is
 * dashed, because it is not a road; so is the way of a unit whose fix is stale, because it may be elsewhere by now.
 */
import type { Feature, FeatureCollection, LineString, Point } from 'geojson'
import type { LayerSpecification } from 'maplibre-gl'
import type { Unit } from '../../api/types.ts'
import type { Arrival } from '../../store/arrival.ts'
import type { Line } from '../../store/routes.svelte.ts'
import { ahead } from '../ahead.ts'
import type { Palette } from '../palette.ts'

export const ROUTES = 'routes'

export type RouteProperties = { unit: string; sure: boolean; straight: boolean; selected: boolean }
export type RouteFeature = Feature<LineString | Point, RouteProperties>
export type RouteFeatures = FeatureCollection<LineString | Point, RouteProperties>

export function routeFeatures(
  units: Iterable<Unit>,
  selected: string | null,
  arrivalOf: (unit: Unit) => Arrival | null,
  lineOf: (unit: string) => Line | undefined,
): RouteFeatures {
  const features: RouteFeature[] = []
  for (const unit of units) {
    const arrival = arrivalOf(unit)
    if (arrival === null) continue
    const line = unit.eta?.route_version == null ? undefined : lineOf(unit.unit)
    const stop: [number, number] = [arrival.longitude, arrival.latitude]
    const from: [number, number] | null = unit.position === null ? null : [unit.position.longitude, unit.position.latitude]
    const coordinates = wayOf(unit, arrival, line, from, stop)
    const properties = {
      unit: unit.unit,
      sure: line !== undefined && arrival.left !== null && arrival.source === 'road',
      straight: line === undefined,
      selected: unit.unit === selected,
    }
    if (coordinates !== null) {
      const geometry: LineString = { type: 'LineString', coordinates }
      features.push({ type: 'Feature', properties, geometry })
    }
    features.push({ type: 'Feature', properties, geometry: { type: 'Point', coordinates: stop } })
  }
  return { type: 'FeatureCollection', features }
}

/** What is drawn of a way; nothing while it is being fetched, and nothing where none is known. */
function wayOf(
  unit: Unit,
  arrival: Arrival,
  line: Line | undefined,
  from: [number, number] | null,
  stop: [number, number],
): number[][] | null {
  if (line !== undefined) return from === null ? line.coordinates : ahead(line.coordinates, from)
  const straight = unit.eta?.route_version == null && arrival.left !== null
  return straight && from !== null ? [from, stop] : null
}

export const routeLayers = (palette: Palette): LayerSpecification[] => {
  const line = (id: string, sure: boolean, selected: boolean): LayerSpecification => ({
    id,
    type: 'line',
    source: ROUTES,
    filter: [
      'all',
      ['==', ['geometry-type'], 'LineString'],
      ['==', ['get', 'sure'], sure],
      ['==', ['get', 'selected'], selected],
    ],
    layout: { 'line-cap': sure ? 'round' : 'butt', 'line-join': 'round' },
    paint: {
      'line-color': palette.route,
      'line-opacity': selected ? 0.95 : 0.5,
      'line-width': selected ? (sure ? 5 : 3.5) : 2.5,
      ...(sure ? {} : { 'line-dasharray': selected ? [2, 1.6] : [2.4, 2] }),
    },
  })
  return [
    line('route-unsure', false, false),
    line('route', true, false),
    {
      id: 'route-casing', // keeps the chosen way apart from the road it lies on
      type: 'line',
      source: ROUTES,
      filter: ['all', ['==', ['geometry-type'], 'LineString'], ['get', 'selected'], ['get', 'sure']],
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': palette.ground, 'line-width': 9 },
    },
    line('route-unsure-selected', false, true),
    line('route-selected', true, true),
    {
      id: 'route-stop',
      type: 'circle',
      source: ROUTES,
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': ['case', ['get', 'selected'], 7, 4.5],
        'circle-color': palette.ground,
        'circle-stroke-color': palette.route,
        'circle-stroke-width': ['case', ['get', 'selected'], 3.5, 2.5],
      },
    },
  ]
}
