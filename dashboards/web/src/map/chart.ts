/**
 * The one map of the page's life. It draws what it is given and tells where it was clicked; it knows no fleet and no socket.
 *
 * One instance only: browsers give out few WebGL contexts, and a board stays open for weeks.
 */
import type { FeatureCollection, Point } from 'geojson'
import { GeoJSONSource, LngLatBounds, Map as GlMap, ScaleControl, setWorkerUrl, type LayerSpecification } from 'maplibre-gl'
// A plain ?url works in development and leaves a blank map in the build; ?worker&url is bundled as a worker.
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import type { Language } from '../i18n/catalogue.ts'
import { GRATICULE, graticule, graticuleLayers } from './layers/graticule.ts'
import { INCIDENTS, incidentLayers, SQUARES, type IncidentFeatures } from './layers/incidents.ts'
import { REGION, regionLayers } from './layers/region.ts'
import { ROUTES, routeLayers, type RouteFeature, type RouteFeatures } from './layers/routes.ts'
import { TARGET, targetFeatures, targetLayers, type Place } from './layers/target.ts'
import { SIGNS, UNITS, unitLayers, type UnitFeature, type UnitProperties } from './layers/units.ts'
import { readPalette, type Palette } from './palette.ts'
import { putSigns } from './signs.ts'

setWorkerUrl(workerUrl)

const EMPTY: FeatureCollection = { type: 'FeatureCollection', features: [] }
const INDONESIA: [number, number, number, number] = [95, -11, 141, 6] // west, south, east, north
const PICK_PX = 14 // half the side of the square in which a click still finds a sign
const NEAR = 12.5 // zoom to which a chosen unit is brought at least: close, with a neighbouring place still in sight
const LAYERS = [graticuleLayers, regionLayers, routeLayers, incidentLayers, targetLayers, unitLayers] // from the ground up

export type ChartEvents = {
  onUnit: (unit: string) => void
  onIncident: (incident: string) => void
  onPlace: (place: Place) => void
  onDragged: () => void
}

export class Chart {
  #map: GlMap
  #events: ChartEvents
  #units: FeatureCollection<Point, UnitProperties> = { type: 'FeatureCollection', features: [] }
  #routes: RouteFeatures = { type: 'FeatureCollection', features: [] }
  #still = matchMedia('(prefers-reduced-motion: reduce)')
  #language: Language = 'id'
  readonly ready: Promise<void>

  constructor(container: HTMLElement, events: ChartEvents) {
    this.#events = events
    this.#map = new GlMap({
      container,
      bounds: INDONESIA,
      style: {
        version: 8,
        sources: Object.fromEntries(
          [GRATICULE, REGION, ROUTES, INCIDENTS, TARGET, UNITS].map((id) => [id, { type: 'geojson', data: EMPTY, ...(id === GRATICULE ? { tolerance: 0 } : {}) }]),
        ),
        layers: [{ id: 'ground', type: 'background', paint: { 'background-color': readPalette(container).ground } }],
      },
      attributionControl: false, // everything drawn is the centre's own data
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 18,
      fadeDuration: this.#still.matches ? 0 : 150,
    })
    this.#map.touchZoomRotate.disableRotation()
    this.#map.keyboard.disableRotation()
    this.#map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 120 }), 'bottom-left')
    this.ready = new Promise((resolve) => {
      this.#map.once('load', () => {
        this.#addLayers(readPalette(container))
        this.#listen()
        resolve()
      })
    })
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#repaint(readPalette(container)))
  }

  setUnits(units: FeatureCollection<Point, UnitProperties>): void {
    this.#units = units
    this.#source(UNITS)?.setData(units)
  }

  setRoutes(routes: RouteFeatures): void {
    this.#routes = routes
    this.#source(ROUTES)?.setData(routes)
  }

  setIncidents(incidents: IncidentFeatures): void {
    this.#source(INCIDENTS)?.setData(incidents)
  }

  setTarget(target: Place | null, from: Place | null): void {
    this.#source(TARGET)?.setData(targetFeatures(target, from))
  }

  setRegion(region: FeatureCollection): void {
    this.#source(REGION)?.setData(region)
  }

  setLanguage(language: Language): void {
    this.#language = language
    this.#drawGraticule()
  }

  /** Show all these points, at a scale at which a town is still a town. */
  fit(points: Iterable<[number, number]>): void {
    const bounds = new LngLatBounds()
    for (const point of points) bounds.extend(point)
    if (bounds.isEmpty()) return
    const { clientWidth, clientHeight } = this.#map.getContainer()
    const edge = Math.min(60, 0.1 * Math.min(clientWidth, clientHeight))
    const padding = { top: edge, bottom: edge, left: edge, right: Math.min(2 * edge, 0.2 * clientWidth) } // room for the labels
    this.#map.fitBounds(bounds, { padding, maxZoom: 13, animate: !this.#still.matches, duration: 600 })
  }

  /** Bring a place to the middle; `near` also comes closer. */
  centre(place: Place, near: boolean): void {
    const zoom = near ? Math.max(this.#map.getZoom(), NEAR) : this.#map.getZoom()
    this.#map.easeTo({ center: place, zoom, animate: !this.#still.matches, duration: near ? 700 : 300 })
  }

  zoom(by: 1 | -1): void {
    this.#map.zoomTo(Math.round(this.#map.getZoom()) + by, { animate: !this.#still.matches, duration: 200 })
  }

  middle(): Place {
    return this.#map.getCenter()
  }

  /** What the units' source holds now, with the ids that are painted inside the view. */
  drawn(): { units: readonly UnitFeature[]; painted: string[] } {
    const painted = this.#map.queryRenderedFeatures({ layers: [SIGNS] }).map((feature) => String(feature.properties['unit']))
    return { units: this.#units.features, painted: [...new Set(painted)] }
  }

  /** What the routes' source holds now. */
  routes(): readonly RouteFeature[] {
    return this.#routes.features
  }

  #source(id: string): GeoJSONSource | undefined {
    return this.#map.getSource<GeoJSONSource>(id)
  }

  #addLayers(palette: Palette): void {
    putSigns(this.#map, palette)
    for (const layers of LAYERS) for (const layer of layers(palette)) this.#map.addLayer(layer)
  }

  /** Only colours change with the theme, and each layer says its own: set them again, keep the data. */
  #repaint(palette: Palette): void {
    if (this.#map.getLayer(SIGNS) === undefined) return
    putSigns(this.#map, palette)
    this.#map.setPaintProperty('ground', 'background-color', palette.ground)
    for (const layer of LAYERS.flatMap((layers): LayerSpecification[] => layers(palette))) {
      // The style's own types allow each name its values only; name and value come from one layer here, so they fit.
      for (const [name, value] of Object.entries((layer.paint ?? {}) as Record<string, never>)) {
        this.#map.setPaintProperty(layer.id, name as never, value)
      }
    }
  }

  #drawGraticule(): void {
    this.#source(GRATICULE)?.setData(graticule(this.#map.getBounds(), this.#language))
  }

  #listen(): void {
    const map = this.#map
    map.on('moveend', () => this.#drawGraticule())
    map.on('dragstart', () => this.#events.onDragged())
    map.on('click', ({ point, lngLat }) => {
      const found = map.queryRenderedFeatures(
        [
          [point.x - PICK_PX, point.y - PICK_PX],
          [point.x + PICK_PX, point.y + PICK_PX],
        ],
        { layers: [SIGNS, SQUARES] },
      )[0] // the topmost: a unit that stands at its incident
      if (found === undefined) this.#events.onPlace(lngLat)
      else if (found.layer.id === SIGNS) this.#events.onUnit(String(found.properties['unit']))
      else this.#events.onIncident(String(found.properties['incident']))
    })
    map.on('mousemove', ({ point }) => {
      map.getCanvas().style.cursor = map.queryRenderedFeatures(point, { layers: [SIGNS, SQUARES] }).length > 0 ? 'pointer' : ''
    })
    this.#drawGraticule()
  }
}
