/** A unit as the gateway sends it, and where it is going, for the tests to bend. */
import type { LiveEta, Position, Unit } from '../src/api/types.ts'

export const POSITION: Position = {
  latitude: -7.15,
  longitude: 111.88,
  altitude_m: null,
  speed_mps: 12.3,
  course_deg: 87.1,
  fix_time: '2026-11-21T03:00:00.000000Z',
  received_at: '2026-11-21T03:00:00.200000Z',
  source: 'gnss',
  quality: [],
  mode: 3,
  satellites: 9,
  hdop: 0.9,
  horizontal_error_m: null,
}

export function aUnit(changes: Partial<Unit> = {}): Unit {
  return {
    unit: 'ambulans-01',
    name: 'Ambulans 01',
    kind: 'ambulance',
    seq: 1,
    online: true,
    report_interval_s: 1,
    stale_after_s: 60,
    lost_after_s: 180,
    position: POSITION,
    ...changes,
  }
}

export function anEta(changes: Partial<LiveEta> = {}): LiveEta {
  return {
    leg: 'to-place',
    latitude: -7.2,
    longitude: 111.9,
    place: 'RSUD',
    at: POSITION.fix_time,
    eta_s: { p10: 400, p50: 600, p90: 900 },
    unknown_because: null,
    source: 'road',
    fix_time: POSITION.fix_time,
    fix_age_s: 0,
    distance_m: 5000,
    model: 'm',
    route_version: 1,
    onward: null,
    ...changes,
  }
}
