/** How old the knowledge of a unit is, and what that makes of it. Age is the age of the FIX, never of the last packet. */
import type { Unit } from '../api/types.ts'

export const STATES = ['fresh', 'ageing', 'stale', 'lost', 'none'] as const
export type State = (typeof STATES)[number]

const AGEING_AFTER_S = 15

/** Metres per second from which a course means something; below it a receiver's course is noise. */
export const MOVING_MPS = 1

/** Seconds since the fix by the gateway's clock; null where there is no fix or no clock yet. Negative: a clock is ahead. */
export function ageOf(unit: Unit, nowMs: number | null): number | null {
  if (unit.position === null || nowMs === null) return null
  return (nowMs - Date.parse(unit.position.fix_time)) / 1000
}

/** Seconds after which a fix is no longer fresh: two announced reports missed, at least 15 s, never beyond stale. */
export function ageingAfter(unit: Unit): number {
  return Math.min(unit.stale_after_s, Math.max(AGEING_AFTER_S, 2 * (unit.report_interval_s ?? 0)))
}

/** Seconds for which nothing newer can have been known: a fix whose clock runs ahead is not fresher than its arrival. */
function silenceOf(unit: Unit, nowMs: number | null): number | null {
  const age = ageOf(unit, nowMs)
  if (age === null || unit.position === null || nowMs === null) return null
  return Math.max(age, (nowMs - Date.parse(unit.position.received_at)) / 1000)
}

/** Without a clock a position is shown as stale: nobody has yet said that it is not. */
export function stateOf(unit: Unit, nowMs: number | null): State {
  if (unit.position === null) return 'none'
  const age = silenceOf(unit, nowMs)
  if (age === null) return 'stale'
  if (age > unit.lost_after_s) return 'lost'
  if (age > unit.stale_after_s) return 'stale'
  return age > ageingAfter(unit) ? 'ageing' : 'fresh'
}
