/** The point the dispatcher asked an ETA to, and the straight line it is judged by: dashed, because it is not a road. */
import type { Feature, FeatureCollection } from 'geojson'
import type { LayerSpecification } from 'maplibre-gl'
import type { Palette } from '../palette.ts'

export const TARGET = 'target'

export type Place = { lng: number; lat: number }

export function targetFeatures(target: Place | null, from: Place | null): FeatureCollection {
  const features: Feature[] = []
  if (target !== null) {
    const to = [target.lng, target.lat]
    features.push({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: to } })
    if (from !== null) {
      const line = [[from.lng, from.lat], to]
      features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: line } })
    }
  }
  return { type: 'FeatureCollection', features }
}

export const targetLayers = (palette: Palette): LayerSpecification[] => [
  {
    id: 'target-line',
    type: 'line',
    source: TARGET,
    filter: ['==', ['geometry-type'], 'LineString'],
    paint: { 'line-color': palette.accent, 'line-width': 2, 'line-dasharray': [2, 2] },
  },
  {
    id: 'target-point',
    type: 'circle',
    source: TARGET,
    filter: ['==', ['geometry-type'], 'Point'],
    paint: {
      'circle-radius': 6,
      'circle-color': palette.ground,
      'circle-stroke-color': palette.accent,
      'circle-stroke-width': 3,
    },
  },
]
