/** Twelve invented units on ovals round Bojonegoro, one for each thing the board must be able to show. */
import type { Unit } from '../src/api/types.ts'

const CENTRE = { latitude: -7.2, longitude: 111.82 }
const METRES_PER_DEGREE = 111_195

/** Seconds by which the fix lags, growing where the unit has fallen silent; null: it never had one. */
const LAG: Record<number, (runningS: number) => number | null> = {
  9: () => 32,
  10: (runningS) => 95 + runningS,
  11: (runningS) => 840 + runningS,
  12: () => null,
}

export function unitAt(number: number, nowMs: number, startedMs: number, seq: number): Unit {
  const id = String(number).padStart(2, '0')
  const lag = (LAG[number] ?? (() => 0.3))((nowMs - startedMs) / 1000)
  const unit: Unit = {
    unit: `ambulans-${id}`,
    name: `Ambulans ${id}`,
    kind: 'ambulance',
    seq,
    online: lag === null ? null : number < 10,
    report_interval_s: 1,
    stale_after_s: 60,
    lost_after_s: 180,
    position: null,
  }
  if (lag === null) return unit
  const fixMs = nowMs - lag * 1000
  const speed = number === 5 ? 0 : 9 + number // m/s; number 5 is parked
  const radius = 2500 + 1100 * number
  const angle = number * 2.4 + (speed * (fixMs / 1000)) / radius
  const latitude = CENTRE.latitude + (0.7 * radius * Math.sin(angle)) / METRES_PER_DEGREE
  const longitude = CENTRE.longitude + (1.5 * radius * Math.cos(angle)) / METRES_PER_DEGREE
  const course = (Math.atan2(-1.5 * Math.sin(angle), 0.7 * Math.cos(angle)) * 180) / Math.PI
  unit.position = {
    latitude,
    longitude,
    altitude_m: 22.4,
    speed_mps: speed,
    course_deg: number === 5 ? null : (course + 360) % 360,
    fix_time: new Date(fixMs).toISOString(),
    received_at: new Date(fixMs + 180).toISOString(),
    source: number === 7 ? 'phone' : 'gnss',
    quality: number === 8 ? ['dated-on-receipt', 'not-measured'] : [],
    mode: 3,
    satellites: 9,
    hdop: 0.9,
    horizontal_error_m: number === 6 ? 3.2 : null,
  }
  return unit
}
