import { expect, test } from 'vitest'
import { ageOf, stateOf } from '../src/store/freshness.ts'
import { aUnit, POSITION } from './unit.ts'

const FIX = Date.parse(POSITION.fix_time)
const after = (seconds: number): number => FIX + seconds * 1000

test.each([
  [0, 'fresh'],
  [15, 'fresh'],
  [15.1, 'ageing'],
  [60, 'ageing'],
  [60.1, 'stale'],
  [180, 'stale'],
  [180.1, 'lost'],
  [86_400, 'lost'],
])('a unit that reports every second is, %d s after its fix, %s', (seconds, state) => {
  expect(stateOf(aUnit(), after(seconds))).toBe(state)
})

test('a fix whose clock runs ahead is not fresher than its arrival', () => {
  const ahead = aUnit({ position: { ...POSITION, received_at: new Date(FIX - 55_000).toISOString() } })
  expect(stateOf(ahead, after(-40))).toBe('fresh')
  expect(stateOf(ahead, after(-39))).toBe('ageing')
  expect(stateOf(ahead, after(6))).toBe('stale')
})

test('a parked unit that reports every 30 s stays fresh for two reports', () => {
  const parked = aUnit({ report_interval_s: 30, stale_after_s: 70 })
  expect(stateOf(parked, after(60))).toBe('fresh')
  expect(stateOf(parked, after(61))).toBe('ageing')
  expect(stateOf(parked, after(71))).toBe('stale')
})

test('a unit that never announced an interval is judged by the shortest limits', () => {
  expect(stateOf(aUnit({ report_interval_s: null }), after(16))).toBe('ageing')
})

test('no position is a state of its own and has no age', () => {
  const silent = aUnit({ position: null })
  expect(stateOf(silent, after(0))).toBe('none')
  expect(ageOf(silent, after(0))).toBeNull()
})

test('without the gateway\'s clock nothing is called fresh', () => {
  expect(stateOf(aUnit(), null)).toBe('stale')
  expect(ageOf(aUnit(), null)).toBeNull()
})

test('the age is that of the fix even when the packet came late', () => {
  const late = aUnit({ position: { ...POSITION, received_at: '2026-11-21T03:05:00.000000Z' } })
  expect(ageOf(late, after(301))).toBe(301)
})
