import { expect, test } from 'vitest'
import { ServerClock } from '../src/store/clock.ts'

const T = Date.parse('2026-11-21T03:00:00Z')

test('before the first frame there is no time, rather than a guess', () => {
  expect(new ServerClock().now({ steady: 0, wall: T })).toBeNull()
})

test('a desk clock that is ten minutes slow does not make a fix ten minutes younger', () => {
  const clock = new ServerClock()
  clock.learn({ steady: 500, wall: T - 600_000 }, T)
  expect(clock.now({ steady: 1500, wall: T - 599_000 })).toBe(T + 1000)
})

test('of several frames the least delayed one sets the clock', () => {
  const clock = new ServerClock()
  clock.learn({ steady: 0, wall: 0 }, T - 900)
  clock.learn({ steady: 2000, wall: 2000 }, T + 2000 - 20)
  clock.learn({ steady: 4000, wall: 4000 }, T + 4000 - 700)
  expect(clock.now({ steady: 5000, wall: 5000 })).toBe(T + 5000 - 20)
})

test('hours of sleep are counted although the steady clock stood still', () => {
  const clock = new ServerClock()
  clock.learn({ steady: 1000, wall: T }, T)
  expect(clock.now({ steady: 1100, wall: T + 8 * 3600_000 })).toBe(T + 8 * 3600_000)
})

test('a wall clock set forward is believed only until the next frame', () => {
  const clock = new ServerClock()
  clock.learn({ steady: 0, wall: T }, T)
  const jumped = T + 3600_000
  clock.learn({ steady: 2000, wall: jumped + 2000 }, T + 2000)
  expect(clock.now({ steady: 3000, wall: jumped + 3000 })).toBe(T + 3000)
})

test('a wall clock set back never makes the present earlier', () => {
  const clock = new ServerClock()
  clock.learn({ steady: 0, wall: T }, T)
  expect(clock.now({ steady: 1000, wall: T - 3600_000 })).toBe(T + 1000)
})
