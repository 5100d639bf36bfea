import { expect, test } from 'vitest'
import type { Eta } from '../src/api/types.ts'
import { countdown, range } from '../src/i18n/formats.ts'
import { soonest } from '../src/store/soonest.ts'

const eta = (unit: string, p50: number | null, p90 = 2000): Eta => ({
  unit,
  eta_s: p50 === null ? null : { p10: 1, p50, p90 },
  source: 'road',
  unknown_because: null,
  fix_age_s: 1,
  fix_time: '2026-11-21T03:00:00Z',
  distance_m: null,
})

test('the soonest comes first, unknown ones last and in the order of the list', () => {
  const order = soonest([eta('d', null), eta('a', 500), eta('c', null), eta('b', 90), eta('e', 500, 900)], (a, b) =>
    a.localeCompare(b),
  )
  expect(order.map((each) => each.unit)).toEqual(['b', 'e', 'a', 'c', 'd'])
})

test.each([
  [1, '1 s'],
  [41.9, '41 s'],
  [342.4, '5 min 42 s'],
  [601, '11 min'],
])('%d seconds to go read %s', (seconds, text) => {
  expect(countdown('en', seconds)).toBe(text)
})

test.each([
  [61, 500, '2–9 min'],
  [5, 40, '1 min'],
])('between %d and %d seconds reads %s', (from, to, text) => {
  expect(range('en', from, to)).toBe(text)
})
