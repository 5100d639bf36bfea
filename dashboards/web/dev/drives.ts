/** Where some of the invented units are going: one for each thing that the board must say of a drive. No road is a real one. */
import type { DriveEvent, Eta, Unit } from '../src/api/types.ts'

const METRES_PER_DEGREE = 111_195
const SPEED_MPS = 11

export type Place = { latitude: number; longitude: number; name?: string }
type Stop = Place & { source: 'road' | 'straight-line'; fromMs: number; events?: string[]; incident?: string; onward?: string }

const begun = Date.now()
const stop = (latitude: number, longitude: number, name: string, more: Partial<Stop> = {}): Stop => {
  return { latitude, longitude, name, source: 'road', fromMs: begun, ...more }
}

export const STOPS: readonly (readonly [string, Stop])[] = [
  ['ambulans-01', stop(-7.155, 111.885, 'RSUD Bojonegoro')],
  ['ambulans-02', stop(-7.17, 111.9, 'Pasar Kota', { events: ['off-route', 'slipping'] })],
  ['ambulans-03', stop(-7.25, 111.95, '', { source: 'straight-line' })],
  ['ambulans-04', stop(-7.12, 111.75, 'Jl. Gajah Mada 12', { incident: 'i-17', onward: 'RSUD Bojonegoro' })],
  ['ambulans-05', stop(-7.3, 111.8, 'Puskesmas Dander', { events: ['stalled', 'wrong-way'] })],
  ['ambulans-10', stop(-7.1, 111.7, 'Puskesmas Kalitidu')],
  ['ambulans-11', stop(-7.05, 111.9, 'Puskesmas Trucuk')],
]

function metres(unit: Unit, place: Place): number {
  const north = (place.latitude - (unit.position?.latitude ?? NaN)) * METRES_PER_DEGREE
  const east = (place.longitude - (unit.position?.longitude ?? NaN)) * METRES_PER_DEGREE * 0.992
  return Math.hypot(north, east)
}

export function etaTo(unit: Unit, place: Place, nowMs: number, source = 'road'): Eta {
  const { position } = unit
  const age = position === null ? null : (nowMs - Date.parse(position.fix_time)) / 1000
  const known = position !== null && age !== null && age <= unit.lost_after_s
  const old = age !== null && age > unit.stale_after_s
  const p50 = known ? 30 + (1.3 * metres(unit, place)) / SPEED_MPS : 0
  const late = age ?? 0
  return {
    unit: unit.unit,
    eta_s: known ? { p10: Math.max(1, 0.7 * p50 - late), p50, p90: 1.5 * p50 + late } : null,
    source: old ? 'last-known' : source,
    unknown_because: known ? null : age === null ? 'the unit has no position yet' : 'the last fix is too old',
    fix_age_s: age,
    fix_time: position?.fix_time ?? null,
    distance_m: known ? metres(unit, place) * (source === 'road' ? 1.3 : 1) : null,
  }
}

/** A unit with what it is doing. Told every ten seconds only, so that the page must let it age. */
export function sent(unit: Unit, stops: ReadonlyMap<string, Stop>, nowMs: number): Unit {
  const to = stops.get(unit.unit)
  if (to === undefined) return { ...unit, mission: null, eta: null, events: [] }
  const toldMs = nowMs - (nowMs % 10_000)
  const { unit: _, ...eta } = etaTo(unit, to, toldMs, to.source)
  const { eta_s } = eta
  const onward = {
    leg: 'to-hospital',
    latitude: -7.155,
    longitude: 111.885,
    place: to.onward ?? '',
    eta_s: eta_s && { p10: eta_s.p10 + 900, p50: eta_s.p50 + 1500, p90: eta_s.p90 + 2700 },
    unknown_because: null,
  }
  const events = (to.events ?? []).map((kind): DriveEvent => ({ kind, since: new Date(begun).toISOString() }))
  return {
    ...unit,
    mission: { id: `m-${unit.unit}`, incident: to.incident ?? null, urgency: 'emergency', state: 'assigned' },
    eta: {
      ...eta,
      leg: to.incident ? 'to-scene' : 'to-place',
      latitude: to.latitude,
      longitude: to.longitude,
      place: to.name ?? '',
      at: new Date(toldMs).toISOString(),
      model: 'double',
      route_version: to.source === 'road' ? Math.round(to.fromMs / 1000) % 100_000 : null,
      onward: to.onward === undefined ? null : onward,
    },
    events,
    standing: { status: 'en-route', label: 'Menuju lokasi', since: new Date(begun).toISOString() },
  }
}

/** A crooked way, as GET /api/v1/units/{unit}/route gives it. */
export function routeOf({ unit, position, eta }: Unit): object {
  if (position === null || eta == null || eta.route_version === null) {
    return { type: 'Feature', geometry: null, properties: { unit, version: null } }
  }
  const [from, to] = [[position.longitude, position.latitude], [eta.longitude, eta.latitude]] as const
  const corner = (part: number): number[] => [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]
  const middle = [[corner(0.25)[0], from[1]], corner(0.25), [corner(0.6)[0], corner(0.25)[1]], corner(0.6), [to[0], corner(0.6)[1]]]
  const geometry = { type: 'LineString', coordinates: [from, ...middle, to] }
  return { type: 'Feature', geometry, properties: { unit, version: eta.route_version } }
}
