/** Units as they were last reported. Nothing is interpolated: a marker stands where a fix said it stood, and says how long ago. */
import type { Feature, FeatureCollection, Point } from 'geojson'
import type { LayerSpecification } from 'maplibre-gl'
import type { Unit } from '../../api/types.ts'
import { MOVING_MPS, type State } from '../../store/freshness.ts'
import type { Palette } from '../palette.ts'

export const UNITS = 'units'
/** The layer that a click is looked up in. */
export const SIGNS = 'unit-sign'

export type UnitProperties = { unit: string; state: State; course: number | null; label: string; selected: boolean; rank: number }
export type UnitFeature = Feature<Point, UnitProperties>

export function unitFeatures(
  units: Iterable<Unit>,
  selected: string | null,
  stateOf: (unit: Unit) => State,
  labelOf: (unit: Unit, state: State) => string,
): FeatureCollection<Point, UnitProperties> {
  const features: UnitFeature[] = []
  for (const unit of units) {
    const { position } = unit
    if (position === null) continue
    const state = stateOf(unit)
    const moving = (position.speed_mps ?? 0) >= MOVING_MPS && (state === 'fresh' || state === 'ageing')
    features.push({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [position.longitude, position.latitude] },
      properties: {
        unit: unit.unit,
        state,
        course: moving ? position.course_deg : null,
        label: labelOf(unit, state),
        selected: unit.unit === selected,
        rank: unit.unit === selected ? 0 : state === 'fresh' ? 2 : 1, // exceptions keep their labels when room is short
      },
    })
  }
  return { type: 'FeatureCollection', features }
}

export const unitLayers = (palette: Palette): LayerSpecification[] => [
  {
    id: 'unit-halo',
    type: 'circle',
    source: UNITS,
    filter: ['get', 'selected'],
    paint: {
      'circle-radius': 18,
      'circle-color': palette.accent,
      'circle-opacity': 0.16,
      'circle-stroke-color': palette.accent,
      'circle-stroke-width': 2,
    },
  },
  {
    id: 'unit-label',
    type: 'symbol',
    source: UNITS,
    layout: {
      'symbol-sort-key': ['get', 'rank'],
      'text-field': ['get', 'label'],
      'text-font': ['system-ui', 'sans-serif'],
      'text-size': 12,
      'text-max-width': 40,
      'text-variable-anchor': ['left', 'top', 'bottom', 'right'],
      'text-radial-offset': 1.4,
      'text-justify': 'auto',
    },
    paint: {
      'text-color': [
        'match',
        ['get', 'state'],
        'ageing',
        palette.state.ageing,
        'stale',
        palette.state.stale,
        'lost',
        palette.state.lost,
        palette.label,
      ],
      'text-halo-color': palette.ground,
      'text-halo-width': 1.8,
    },
  },
  {
    id: SIGNS, // above and so placed before the labels, which therefore never cover a sign
    type: 'symbol',
    source: UNITS,
    layout: {
      'icon-image': ['concat', 'sign-', ['get', 'state']],
      'icon-allow-overlap': true, // a sign is never hidden by another
      'icon-padding': 0,
    },
  },
  {
    id: 'unit-arrow',
    type: 'symbol',
    source: UNITS,
    filter: ['!=', ['get', 'course'], null],
    layout: {
      'icon-image': ['concat', 'arrow-', ['get', 'state']],
      'icon-rotate': ['get', 'course'],
      'icon-rotation-alignment': 'map',
      'icon-allow-overlap': true,
      'icon-ignore-placement': true,
    },
  },
]
