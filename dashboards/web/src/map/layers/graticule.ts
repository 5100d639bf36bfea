/** A quiet net of parallels and meridians with their degrees, so that an empty ground still has scale and north. */
import type { Feature, FeatureCollection, Position } from 'geojson'
import type { LayerSpecification, LngLatBounds } from 'maplibre-gl'
import type { Language } from '../../i18n/catalogue.ts'
import { number } from '../../i18n/formats.ts'
import type { Palette } from '../palette.ts'

export const GRATICULE = 'graticule'

const STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01] // degrees
const LINES_WANTED = 6 // at least this many across the view

/** The widest step that still puts enough lines into a view of this many degrees. */
export function stepFor(span: number): number {
  return STEPS.find((step) => span / step >= LINES_WANTED) ?? 0.01
}

const WINDS = { id: { north: 'LU', south: 'LS', east: 'BT', west: 'BB' }, en: { north: 'N', south: 'S', east: 'E', west: 'W' } }

export function graticule(bounds: LngLatBounds, language: Language): FeatureCollection {
  const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
  const step = stepFor(east - west)
  const winds = WINDS[language]
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2
  const degrees = (value: number, wind: string): string => `${number(language, Math.abs(value), digits)}° ${wind}`
  const features: Feature[] = []
  const line = (coordinates: Position[]): void => {
    features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } })
  }
  const label = (text: string, edge: 'left' | 'top', coordinates: Position): void => {
    features.push({ type: 'Feature', properties: { text, edge }, geometry: { type: 'Point', coordinates } })
  }
  for (let i = Math.floor(west / step); i <= Math.ceil(east / step); i += 1) {
    const at = i * step
    line([[at, Math.max(-85, south - step)], [at, Math.min(85, north + step)]])
    label(degrees(at, at < 0 ? winds.west : winds.east), 'top', [at, north])
  }
  for (let i = Math.floor(south / step); i <= Math.ceil(north / step); i += 1) {
    const at = i * step
    if (Math.abs(at) >= 85) continue
    line([[west - step, at], [east + step, at]])
    label(degrees(at, at < 0 ? winds.south : winds.north), 'left', [west, at])
  }
  return { type: 'FeatureCollection', features }
}

export const graticuleLayers = (palette: Palette): LayerSpecification[] => [
  {
    id: 'graticule',
    type: 'line',
    source: GRATICULE,
    filter: ['==', ['geometry-type'], 'LineString'],
    paint: { 'line-color': palette.line, 'line-width': 1 },
  },
  {
    id: 'graticule-label',
    type: 'symbol',
    source: GRATICULE,
    filter: ['==', ['geometry-type'], 'Point'],
    layout: {
      'text-field': ['get', 'text'],
      'text-font': ['system-ui', 'sans-serif'],
      'text-size': 10,
      'text-anchor': ['match', ['get', 'edge'], 'left', 'left', 'top'],
      'text-offset': ['match', ['get', 'edge'], 'left', ['literal', [0.6, 0]], ['literal', [0, 0.5]]],
    },
    paint: { 'text-color': palette.faint, 'text-halo-color': palette.ground, 'text-halo-width': 2 },
  },
]
