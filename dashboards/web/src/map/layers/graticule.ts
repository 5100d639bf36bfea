/** A quiet net of parallels and meridians with their degrees, so that an empty ground still has scale and north. */
import type { Feature, FeatureCollection } from 'geojson'
import type { LayerSpecification, LngLatBounds } from 'maplibre-gl'
import type { Palette } from '../palette.ts'

export const GRATICULE = 'graticule'

const STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01] // degrees
const LINES_WANTED = 6 // at least this many across the view

/** The widest step that still puts enough lines into a view of this many degrees. */
export function stepFor(span: number): number {
  return STEPS.find((step) => span / step >= LINES_WANTED) ?? 0.01
}

function degrees(value: number, positive: string, negative: string, step: number): string {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2
  return `${Math.abs(value).toFixed(digits)}° ${value < 0 ? negative : positive}`
}

export function graticule(bounds: LngLatBounds, language: 'id' | 'en'): FeatureCollection {
  const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
  const step = stepFor(east - west)
  const [toNorth, toSouth, toEast, toWest] = language === 'id' ? ['LU', 'LS', 'BT', 'BB'] : ['N', 'S', 'E', 'W']
  const features: Feature[] = []
  const add = (label: string, coordinates: [number, number][]): void => {
    features.push({ type: 'Feature', properties: { label }, geometry: { type: 'LineString', coordinates } })
  }
  for (let i = Math.floor(west / step); i <= Math.ceil(east / step); i += 1) {
    const at = i * step
    add(degrees(at, toEast!, toWest!, step), [[at, Math.max(-85, south - step)], [at, Math.min(85, north + step)]])
  }
  for (let i = Math.floor(south / step); i <= Math.ceil(north / step); i += 1) {
    const at = i * step
    if (Math.abs(at) < 85) add(degrees(at, toNorth!, toSouth!, step), [[west - step, at], [east + step, at]])
  }
  return { type: 'FeatureCollection', features }
}

export const graticuleLayers = (palette: Palette): LayerSpecification[] => [
  { id: 'graticule', type: 'line', source: GRATICULE, paint: { 'line-color': palette.line, 'line-width': 1 } },
  {
    id: 'graticule-label',
    type: 'symbol',
    source: GRATICULE,
    layout: {
      'symbol-placement': 'line',
      'symbol-spacing': 700,
      'text-field': ['get', 'label'],
      'text-font': ['system-ui', 'sans-serif'],
      'text-size': 10,
    },
    paint: { 'text-color': palette.faint, 'text-halo-color': palette.ground, 'text-halo-width': 2 },
  },
]
