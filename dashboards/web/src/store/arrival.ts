/**
 * What a unit's arrival time has become since the gateway told it. The gateway tells it again only when it has changed by
 * more than its noise, so between two tellings the page lets it age, by the gateway's own rules (`tracker/eta/live.py`):
 *
 * - as long as newer fixes come and nothing else is told, the arrival is as told: less is left with each second;
 * - from the newest fix on the ends part, for the unit may have driven on or away; the middle falls until the fix is stale
 *   and then stands;
 * - from `lost_after_s` on nobody knows.
 */
import type { Eta, Interval, LiveEta, Unit } from '../api/types.ts'

/** Seconds; nothing is shorter. 0 is what screens show for "none". */
export const SHORTEST_S = 1

/** Why nothing is known: a fact that the page can tell in its own words, or else the gateway's sentence. */
export type Because = { fact: 'no-position' } | { fact: 'too-old'; ageS: number; limitS: number } | { said: string | null }

export type Arrival = {
  leg: string
  place: string
  latitude: number
  longitude: number
  left: Interval | null // seconds from now; null: unknown
  because: Because | null // why it is unknown
  source: string
  fixAgeS: number | null
  distanceM: number | null
  model: string
  onward: { leg: string; place: string; left: Interval | null; because: Because | null } | null // the stop behind
}

/** Seconds since the newest fix that either the marker or the estimate knows; null without any. */
function fixAge(unit: Unit, eta: LiveEta, nowMs: number): number | null {
  const known = [unit.position?.fix_time, eta.fix_time].flatMap((time) => (time ? [Date.parse(time)] : []))
  return known.length === 0 ? null : Math.max(0, (nowMs - Math.max(...known)) / 1000)
}

function left(unit: Unit, eta: LiveEta, told: Interval, age: number, nowMs: number): Interval {
  const passed = Math.max(0, (nowMs - Date.parse(eta.at)) / 1000)
  const silent = Math.min(age, passed) // of the time since it was told, what no fix speaks of
  const staleBefore = Math.max(0, age - passed - unit.stale_after_s)
  const staleNow = Math.max(0, age - unit.stale_after_s)
  const atStop = unit.mission?.state === 'at-scene' // it waits there: no fix tells more than the clock
  const floor = (seconds: number): number => Math.max(SHORTEST_S, seconds)
  return {
    p10: floor(told.p10 - passed),
    p50: floor(told.p50 - passed + (atStop ? 0 : staleNow - staleBefore)),
    p90: floor(told.p90 - passed + (atStop ? 0 : 2 * silent)),
  }
}

/** The stop behind the next one is reached as much later or sooner as that one. */
function onwardOf(eta: LiveEta, now: Interval | null): Arrival['onward'] {
  if (eta.onward === null) return null
  const { leg, place, eta_s: told, unknown_because: said } = eta.onward
  const before = eta.eta_s
  if (told === null || now === null || before === null) {
    return { leg, place, left: null, because: { said: said ?? 'the arrival at the stop before is unknown' } }
  }
  const moved = (part: keyof Interval): number => Math.max(SHORTEST_S, told[part] + now[part] - before[part])
  return { leg, place, left: { p10: moved('p10'), p50: moved('p50'), p90: moved('p90') }, because: null }
}

/** Why an arrival that was asked for is unknown. */
export function whyUnknown(eta: Eta, lostAfterS: number): Because {
  if (eta.fix_time === null || eta.fix_age_s === null) return { fact: 'no-position' }
  if (eta.fix_age_s > lostAfterS) return { fact: 'too-old', ageS: eta.fix_age_s, limitS: lostAfterS }
  return { said: eta.unknown_because }
}

/** The arrival of a unit as it stands now; null if it is on the way to nowhere or no clock is known yet. */
export function arrivalOf(unit: Unit, nowMs: number | null): Arrival | null {
  const { eta } = unit
  if (eta == null || nowMs === null) return null
  const age = fixAge(unit, eta, nowMs)
  const { leg, place, latitude, longitude, model } = eta
  const about = { leg, place, latitude, longitude, model, fixAgeS: age }
  const unknown = (because: Because): Arrival => {
    return { ...about, left: null, because, source: eta.source, distanceM: null, onward: onwardOf(eta, null) }
  }
  if (age === null) return unknown({ fact: 'no-position' })
  if (age > unit.lost_after_s) return unknown({ fact: 'too-old', ageS: age, limitS: unit.lost_after_s })
  if (eta.eta_s === null) return unknown({ said: eta.unknown_because })
  const now = left(unit, eta, eta.eta_s, age, nowMs)
  return {
    ...about,
    left: now,
    onward: onwardOf(eta, now),
    because: null,
    source: age > unit.stale_after_s ? 'last-known' : eta.source,
    distanceM: eta.distance_m,
  }
}
