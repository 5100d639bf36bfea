import { beforeEach, expect, test } from 'vitest'
import type { Frame } from '../src/api/types.ts'
import { BANNER_AFTER_MS, Fleet } from '../src/store/fleet.svelte.ts'
import { aUnit, POSITION } from './unit.ts'

const T = Date.parse(POSITION.fix_time)
const at = (ms: number) => ({ steady: ms, wall: T + ms })
const head = (ms: number) => ({ stream: 'k3', seq: 1, server_time: new Date(T + ms).toISOString() })
const snapshot = (ms: number, ...ids: string[]): Frame => ({
  ...head(ms),
  type: 'snapshot',
  units: ids.map((unit) => aUnit({ unit })),
})

let fleet: Fleet
beforeEach(() => (fleet = new Fleet(at(0))))

function hear(ms: number, ...frames: Frame[]): void {
  for (const frame of frames) fleet.take(frame, at(ms))
  fleet.flush(at(ms))
}

test('a snapshot takes the place of all before it, and changes add to it', () => {
  hear(0, snapshot(0, 'a', 'b'))
  hear(1, snapshot(1, 'b', 'c'), { ...head(1), type: 'changes', from: 1, units: [aUnit({ unit: 'd' })] })
  expect([...fleet.units.keys()].toSorted()).toEqual(['b', 'c', 'd'])
})

test('of many changes between two pictures only the newest of a unit is kept', () => {
  hear(0, snapshot(0, 'a'))
  const changes = (seq: number): Frame => ({
    ...head(1),
    type: 'changes',
    from: seq - 1,
    units: [aUnit({ unit: 'a', seq })],
  })
  hear(1, changes(2), changes(3), changes(4))
  expect(fleet.units.get('a')?.seq).toBe(4)
})

test('the age grows although nothing arrives, and states follow it', () => {
  hear(0, snapshot(0, 'a'))
  expect(fleet.counts).toMatchObject({ fresh: 1, lost: 0 })
  fleet.tick(at(200_000))
  expect(fleet.nowMs).toBe(T + 200_000)
  expect(fleet.counts).toMatchObject({ fresh: 0, lost: 1 })
})

test('the page calls itself blind after two missed heartbeats, and no longer once it hears again', () => {
  hear(0, snapshot(0, 'a'))
  fleet.tick(at(BANNER_AFTER_MS - 1))
  expect(fleet.silent).toBe(false)
  fleet.tick(at(BANNER_AFTER_MS))
  expect(fleet.silent).toBe(true)
  hear(9000, { ...head(9000), type: 'heartbeat' })
  expect(fleet.silent).toBe(false)
  expect(fleet.heardMs).toBe(T + 9000)
})

test('a page that was never answered calls itself blind too', () => {
  fleet.tick(at(BANNER_AFTER_MS))
  expect(fleet.silent).toBe(true)
  expect(fleet.nowMs).toBeNull()
})

test('a computer that slept wakes up blind, whichever of its clocks stood still', () => {
  hear(0, snapshot(0, 'a'))
  fleet.tick({ steady: 500, wall: T + 3600_000 })
  expect(fleet.silent).toBe(true)
})

test('to select a unit is to follow it, to let it go ends both', () => {
  hear(0, snapshot(0, 'a'))
  fleet.select('a')
  expect([fleet.selected?.unit, fleet.following]).toEqual(['a', true])
  fleet.select(null)
  expect([fleet.selected, fleet.following]).toEqual([null, false])
})
