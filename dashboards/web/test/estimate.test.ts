import { expect, test } from 'vitest'
import type { Eta } from '../src/api/types.ts'
import { Estimate } from '../src/store/estimate.svelte.ts'

const ETA: Eta = {
  unit: 'a',
  eta_s: { p10: 60, p50: 90, p90: 140 },
  source: 'straight-line',
  unknown_because: null,
  fix_age_s: 1,
  fix_time: '2026-11-21T03:00:00Z',
  distance_m: 900,
}
const never = (): Promise<never> => Promise.reject(new Error('nobody asks this'))

test('of two questions the later answers, in whatever order the answers come', async () => {
  const waiting: ((eta: Eta) => void)[] = []
  const estimate = new Estimate(() => new Promise((resolve) => waiting.push(resolve)), never)
  estimate.aim({ lng: 111.9, lat: -7.1 })
  const questions = [estimate.refresh('a'), estimate.refresh('b')]
  waiting[1]!({ ...ETA, unit: 'b' })
  waiting[0]!(ETA)
  await Promise.all(questions)
  expect(estimate.eta?.unit).toBe('b')
})

test('an answer for all units that comes after one unit was asked for is dropped', async () => {
  let answerAll = (_: Eta[]): void => undefined
  const estimate = new Estimate(
    () => Promise.resolve(ETA),
    () => new Promise((resolve) => (answerAll = resolve)),
  )
  estimate.aim({ lng: 111.9, lat: -7.1 })
  const all = estimate.refresh(null)
  await estimate.refresh('a')
  answerAll([ETA])
  await all
  expect([estimate.eta, estimate.all]).toEqual([ETA, null])
})

test('an estimate that cannot be renewed leaves the screen', async () => {
  let fails = false
  const estimate = new Estimate(() => (fails ? Promise.reject(new Error('HTTP 503')) : Promise.resolve(ETA)), never)
  estimate.aim({ lng: 111.9, lat: -7.1 })
  await estimate.refresh('a')
  expect(estimate.eta).toEqual(ETA)
  fails = true
  await estimate.refresh('a')
  expect([estimate.eta, estimate.failure]).toEqual([null, 'HTTP 503'])
})

test('without a point nothing is asked', async () => {
  let asked = 0
  const estimate = new Estimate(() => Promise.resolve({ ...ETA, distance_m: (asked += 1) }), never)
  await estimate.refresh('a')
  estimate.aim({ lng: 1, lat: 2 })
  estimate.clear()
  await estimate.refresh('a')
  expect(asked).toBe(0)
})

test('the question says how urgent it is', async () => {
  const urgencies: string[] = []
  const estimate = new Estimate((_, __, ___, urgency) => Promise.resolve((urgencies.push(urgency), ETA)), never)
  estimate.aim({ lng: 1, lat: 2 })
  await estimate.refresh('a')
  estimate.urgency = 'routine'
  await estimate.refresh('a')
  expect(urgencies).toEqual(['emergency', 'routine'])
})
