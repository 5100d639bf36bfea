import { beforeEach, expect, test } from 'vitest'
import { Live, SILENCE_MS, type Socket } from '../src/api/live.ts'
import type { Frame } from '../src/api/types.ts'
import { aUnit } from './unit.ts'

type Opened = Socket & { query: string; closed: boolean }

/** A page, its clock and the far end, all in the test's hand. */
class Bench {
  ms = 0
  opened: Opened[] = []
  waiting: { run: () => void; ms: number }[] = []
  frames: Frame[] = []
  problems: string[] = []
  live = new Live({
    open: (query) => {
      const socket: Opened = { query, closed: false, onmessage: null, onclose: null, close: () => (socket.closed = true) }
      this.opened.push(socket)
      return socket
    },
    now: () => this.ms,
    later: (run, ms) => this.waiting.push({ run, ms }),
    random: () => 0.5,
    onFrame: (frame) => this.frames.push(frame),
    onProblem: (problem) => this.problems.push(problem),
  })

  get socket(): Opened {
    return this.opened.at(-1)!
  }
  say(frame: object): void {
    const head = { stream: 'k3', server_time: '2026-11-21T03:00:00.000000Z' }
    this.socket.onmessage?.(new MessageEvent('message', { data: JSON.stringify({ ...head, ...frame }) }))
  }
  hangUp(): void {
    this.socket.onclose?.({} as CloseEvent)
  }
  reopen(): void {
    this.waiting.shift()!.run()
  }
}

let bench: Bench
beforeEach(() => {
  bench = new Bench()
  bench.live.start()
})
const snapshot = (seq: number): object => ({ type: 'snapshot', seq, units: [aUnit()] })
const changes = (from: number, seq: number): object => ({ type: 'changes', from, seq, units: [aUnit({ seq })] })

test('the first attempt asks for a snapshot, a later one for what it has missed', () => {
  expect(bench.socket.query).toBe('')
  bench.say(snapshot(118))
  bench.say(changes(118, 121))
  bench.hangUp()
  bench.reopen()
  expect(bench.socket.query).toBe('?stream=k3&since=121')
  bench.say(changes(121, 125))
  expect(bench.frames.map((frame) => frame.seq)).toEqual([118, 121, 125])
})

test('a gap is never drawn: the board starts again with a snapshot', () => {
  bench.say(snapshot(118))
  bench.say(changes(119, 121))
  expect(bench.frames).toHaveLength(1)
  expect(bench.socket.closed).toBe(true)
  bench.reopen()
  expect(bench.socket.query).toBe('')
})

test('changes of another stream are not mixed in', () => {
  bench.say(snapshot(118))
  bench.say({ ...changes(118, 121), stream: 'other' })
  expect(bench.frames).toHaveLength(1)
  bench.reopen()
  expect(bench.socket.query).toBe('')
})

test('a heartbeat never moves the place we resume from', () => {
  bench.say(snapshot(118))
  bench.say({ type: 'heartbeat', seq: 130 })
  bench.hangUp()
  bench.reopen()
  expect(bench.socket.query).toBe('?stream=k3&since=118')
})

test('a socket that says nothing is given up after the limit, an unanswered attempt as well', () => {
  bench.say(snapshot(1))
  bench.ms = SILENCE_MS - 1
  bench.live.check()
  expect(bench.socket.closed).toBe(false)
  bench.ms = SILENCE_MS
  bench.live.check()
  expect(bench.opened[0]!.closed).toBe(true)
  bench.reopen()
  bench.ms += SILENCE_MS
  bench.live.check()
  expect(bench.opened[1]!.closed).toBe(true)
  expect(bench.problems).toEqual(['silence', 'silence'])
})

test('waits grow to three seconds at most and shrink again after a heartbeat', () => {
  const waits: number[] = []
  for (let attempt = 0; attempt < 6; attempt += 1) {
    bench.hangUp()
    waits.push(bench.waiting[0]!.ms)
    bench.reopen()
    bench.say(snapshot(1))
  }
  expect(waits).toEqual([187.5, 375, 750, 1500, 2250, 2250])
  bench.say({ type: 'heartbeat', seq: 1 })
  bench.hangUp()
  expect(bench.waiting[0]!.ms).toBe(187.5)
})

test('an old socket that speaks after its replacement is not heard', () => {
  const old = bench.socket
  const hear = old.onmessage
  bench.hangUp()
  bench.reopen()
  hear?.(new MessageEvent('message', { data: JSON.stringify({ ...snapshot(9), stream: 'k3', server_time: '2026-11-21T03:00:00Z' }) }))
  expect(bench.frames).toEqual([])
})

test('after stop nothing is opened any more', () => {
  bench.hangUp()
  bench.live.stop()
  bench.reopen()
  expect(bench.opened).toHaveLength(1)
})
