/** The centre's own places and roads, as the gateway gives them: no tile of anybody else's is ever asked for. */
import type { LayerSpecification } from 'maplibre-gl'
import type { Palette } from '../palette.ts'

export const REGION = 'region'

export const regionLayers = (palette: Palette): LayerSpecification[] => [
  {
    id: 'region-road',
    type: 'line',
    source: REGION,
    filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: {
      'line-color': palette.road,
      'line-width': ['interpolate', ['exponential', 1.5], ['zoom'], 7, 1, 11, 2.5, 15, 8],
    },
  },
  {
    id: 'region-district',
    type: 'symbol',
    source: REGION,
    filter: ['==', ['geometry-type'], 'Point'],
    layout: {
      'text-field': ['get', 'name'],
      'text-font': ['system-ui', 'sans-serif'],
      'text-size': ['interpolate', ['linear'], ['zoom'], 8, 10, 12, 13],
      'text-letter-spacing': 0.08,
      'text-padding': 2,
      'text-variable-anchor': ['center', 'bottom', 'top', 'right', 'left'], // a name makes room for a unit
      'text-radial-offset': 1.5,
    },
    paint: { 'text-color': palette.faint, 'text-halo-color': palette.ground, 'text-halo-width': 1.6 },
  },
]
