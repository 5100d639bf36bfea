import { expect, test } from 'vitest'
import type { LiveEta, Unit } from '../src/api/types.ts'
import { reason } from '../src/i18n/reasons.ts'
import { arrivalOf, SHORTEST_S, whyUnknown } from '../src/store/arrival.ts'
import { anEta, aUnit, POSITION } from './unit.ts'

const AT = Date.parse('2026-11-21T03:00:00Z')
const iso = (seconds: number): string => new Date(AT + 1000 * seconds).toISOString()

/** A unit whose newest fix was so many seconds after the telling. */
function driving(fixAfterS: number, eta: Partial<LiveEta> = {}, unit: Partial<Unit> = {}): Unit {
  return aUnit({ position: { ...POSITION, fix_time: iso(fixAfterS) }, eta: anEta(eta), ...unit })
}

const leftOf = (unit: Unit, afterS: number): number[] | null => {
  const left = arrivalOf(unit, AT + 1000 * afterS)?.left
  return left ? [left.p10, left.p50, left.p90] : null
}

test('a unit without a destination has no arrival', () => {
  expect(arrivalOf(aUnit(), AT)).toBeNull()
  expect(arrivalOf(aUnit({ eta: null }), AT)).toBeNull()
})

test('without a clock nothing is counted', () => {
  expect(arrivalOf(driving(0), null)).toBeNull()
})

test('as long as fixes come and nothing else is told, less is left with each second', () => {
  expect(leftOf(driving(40), 40)).toEqual([360, 560, 860])
})

test('from the newest fix on the ends part, and the middle falls until the fix is stale', () => {
  expect(leftOf(driving(0), 50)).toEqual([350, 550, 950])
  expect(leftOf(driving(0), 60)).toEqual([340, 540, 960])
  expect(leftOf(driving(0), 150)).toEqual([250, 540, 1050])
})

test('an arrival that was told from a stale fix stands in the middle and goes on parting', () => {
  const told = driving(-100, { fix_time: iso(-100), fix_age_s: 100, source: 'last-known' })
  expect(leftOf(told, 20)).toEqual([380, 600, 920])
})

test('it makes no difference when the gateway tells an ageing arrival again', () => {
  // What `aged` of tracker/eta/live.py makes of 400, 600, 900 from a fix 90 s old: 310, 540, 990.
  const again = driving(0, { at: iso(90), fix_age_s: 90, eta_s: { p10: 310, p50: 540, p90: 990 } })
  expect(leftOf(again, 120)).toEqual(leftOf(driving(0), 120))
})

test('an arrival never comes to nothing', () => {
  expect(leftOf(driving(1000), 1000)).toEqual([SHORTEST_S, SHORTEST_S, SHORTEST_S])
})

test('a stale fix makes the source the last known position, a lost one makes the arrival unknown', () => {
  const unit = driving(0)
  expect(arrivalOf(unit, AT + 60_000)?.source).toBe('road')
  expect(arrivalOf(unit, AT + 61_000)?.source).toBe('last-known')
  expect(arrivalOf(unit, AT + 180_000)?.left).not.toBeNull()
  const lost = arrivalOf(unit, AT + 181_000)
  expect(lost?.left).toBeNull()
  expect(lost?.distanceM).toBeNull()
  expect(lost?.because).toEqual({ fact: 'too-old', ageS: 181, limitS: 180 })
  expect(reason('en', lost!.because!)).toBe('the last position is 3 min 1 s old, the limit is 3 min 0 s')
})

test('an unknown arrival gives its reason in the language of the reader, a new reason as it came', () => {
  const why = (said: string): string => {
    const because = arrivalOf(driving(0, { eta_s: null, unknown_because: said }), AT)?.because
    return reason('id', because!)
  }
  expect(why('no open road leads there')).toBe('tidak ada jalan terbuka ke sana')
  expect(why('the bridge is gone')).toBe('the bridge is gone')
})

test('a unit that never had a position has an unknown arrival', () => {
  const unit = aUnit({ position: null, eta: anEta({ eta_s: null, fix_time: null, fix_age_s: null }) })
  expect(arrivalOf(unit, AT)?.because).toEqual({ fact: 'no-position' })
})

test('at the scene the time that is left is the clock alone, whatever the age of the fix', () => {
  const mission = { id: 'm', incident: 'i', urgency: 'emergency', state: 'at-scene' }
  expect(leftOf(driving(0, {}, { mission }), 100)).toEqual([300, 500, 800])
})

test('a clock that is behind the telling adds nothing', () => {
  expect(leftOf(driving(0), -5)).toEqual([400, 600, 900])
})

test('the stop behind is reached as much later as the next one', () => {
  const onward = { leg: 'to-hospital', latitude: 0, longitude: 0, place: 'RS', unknown_because: null }
  const unit = driving(0, { onward: { ...onward, eta_s: { p10: 1000, p50: 1500, p90: 2500 } } })
  expect(arrivalOf(unit, AT + 150_000)?.onward?.left).toEqual({ p10: 850, p50: 1440, p90: 2650 })
  expect(arrivalOf(unit, AT + 200_000)?.onward?.left).toBeNull()
})

test('an answer for a point says why it is unknown', () => {
  const eta = { unit: 'a', eta_s: null, source: 'road', unknown_because: 'no open road leads there', distance_m: null }
  expect(whyUnknown({ ...eta, fix_time: null, fix_age_s: null }, 180)).toEqual({ fact: 'no-position' })
  expect(whyUnknown({ ...eta, fix_time: iso(0), fix_age_s: 200 }, 180)).toEqual({ fact: 'too-old', ageS: 200, limitS: 180 })
  expect(whyUnknown({ ...eta, fix_time: iso(0), fix_age_s: 2 }, 180)).toEqual({ said: 'no open road leads there' })
})
