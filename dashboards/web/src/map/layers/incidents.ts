/** Open incidents: a square, which no unit's sign is, with what and how long beside it when there is room. */
import type { Feature, FeatureCollection, Point } from 'geojson'
import type { LayerSpecification } from 'maplibre-gl'
import type { Incident } from '../../api/dispatch.ts'
import type { Palette } from '../palette.ts'

export const INCIDENTS = 'incidents'
/** The layer that a click is looked up in. */
export const SQUARES = 'incident-square'

export type IncidentProperties = { incident: string; urgency: string; label: string; selected: boolean }
export type IncidentFeatures = FeatureCollection<Point, IncidentProperties>

export function incidentFeatures(incidents: readonly Incident[], selected: string | null, labelOf: (incident: Incident) => string): IncidentFeatures {
  const features = incidents.map((incident): Feature<Point, IncidentProperties> => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [incident.place.longitude, incident.place.latitude] },
    properties: { incident: incident.id, urgency: incident.urgency, label: labelOf(incident), selected: incident.id === selected },
  }))
  return { type: 'FeatureCollection', features }
}

export const incidentLayers = (palette: Palette): LayerSpecification[] => [
  {
    id: 'incident-halo',
    type: 'circle',
    source: INCIDENTS,
    filter: ['get', 'selected'],
    paint: {
      'circle-radius': 20,
      'circle-color': palette.state.lost,
      'circle-opacity': 0.18,
      'circle-stroke-color': palette.accent,
      'circle-stroke-width': 2,
    },
  },
  {
    id: SQUARES,
    type: 'symbol',
    source: INCIDENTS,
    layout: {
      'icon-image': ['concat', 'incident-', ['get', 'urgency']],
      'icon-allow-overlap': true,
      'icon-padding': 0,
      'text-field': ['get', 'label'],
      'text-font': ['system-ui', 'sans-serif'],
      'text-size': 12,
      'text-anchor': 'bottom',
      'text-offset': [0, -1.1],
      'text-max-width': 40,
      'text-optional': true,
    },
    paint: { 'text-color': palette.label, 'text-halo-color': palette.ground, 'text-halo-width': 1.8 },
  },
]
