import { expect, test } from 'vitest'
import type { CrewEmergency } from '../src/api/types.ts'
import { Acknowledgements } from '../src/store/acknowledgements.svelte.ts'
import { alarmsOf } from '../src/store/alarms.ts'
import { aUnit } from './unit.ts'

const raised = (since: string, acknowledged_at: string | null = null): CrewEmergency => ({
  since,
  source: 'crew',
  said_at: since,
  acknowledged_at,
})

test('only what nobody has answered is an alarm, and the one that waits longest is first', () => {
  const units = [
    aUnit({ unit: 'a', name: 'A' }),
    aUnit({ unit: 'b', name: 'B', crew: {} }),
    aUnit({ unit: 'c', name: 'C', crew: { emergency: raised('2026-11-21T03:00:09Z') } }),
    aUnit({ unit: 'd', name: 'D', crew: { emergency: raised('2026-11-21T03:00:00Z', '2026-11-21T03:01:00Z') } }),
    aUnit({ unit: 'e', name: 'E', crew: { emergency: raised('2026-11-21T03:00:01Z') } }),
  ]
  expect(alarmsOf(units).map(({ unit }) => unit)).toEqual(['e', 'c'])
})

test('an acknowledgement that was refused says why, and a second press while one is under way does nothing', async () => {
  let told = 0
  const acknowledgements = new Acknowledgements(async () => {
    told += 1
    throw new Error('the database does not answer')
  })
  await Promise.all([acknowledgements.give('a'), acknowledgements.give('a')])
  expect(told).toBe(1)
  expect(acknowledgements.failure).toEqual({ unit: 'a', why: 'the database does not answer' })
  expect(acknowledgements.busy).toBeNull()
})
