import { expect, test } from 'vitest'
import { BadFrame, readFrame } from '../src/api/frames.ts'
import { anEta, aUnit, POSITION } from './unit.ts'

const HEAD = { stream: 'k3', seq: 5, server_time: '2026-11-21T03:00:00.000000Z' }

test('the three frames of the contract are read', () => {
  for (const frame of [
    { ...HEAD, type: 'snapshot', units: [aUnit(), aUnit({ unit: 'b', position: null })] },
    { ...HEAD, type: 'changes', from: 3, units: [] },
    { ...HEAD, type: 'heartbeat' },
  ]) {
    expect(readFrame(JSON.stringify(frame))).toEqual(frame)
  }
})

test.each([
  ['', 'no text'],
  ['{"type":', 'cut JSON'],
  ['[]', 'a list'],
  ['null', 'null'],
  [JSON.stringify({ ...HEAD, type: 'surprise' }), 'an unknown type'],
  [JSON.stringify({ ...HEAD, type: 'heartbeat', seq: 1.5 }), 'a broken seq'],
  [JSON.stringify({ ...HEAD, type: 'heartbeat', server_time: 'noon' }), 'a broken time'],
  [JSON.stringify({ ...HEAD, type: 'snapshot' }), 'a snapshot without units'],
  [JSON.stringify({ ...HEAD, type: 'changes', units: [] }), 'changes without from'],
  [JSON.stringify({ ...HEAD, type: 'snapshot', units: [{ unit: 'a' }] }), 'half a unit'],
  [
    JSON.stringify({ ...HEAD, type: 'snapshot', units: [aUnit({ position: { ...POSITION, fix_time: '?' } })] }),
    'a unit whose fix has no time',
  ],
])('%j is refused: %s', (text) => {
  expect(() => readFrame(text)).toThrow(BadFrame)
})

test.each([
  [{ at: 'soon' }],
  [{ eta_s: { p10: 1, p50: null, p90: 3 } }],
  [{ eta_s: 'unknown' }],
  [{ latitude: null }],
])('an arrival time that cannot be read is no arrival time: %j', (wrong) => {
  const units = [aUnit({ eta: { ...anEta(), ...wrong } as never })]
  expect(() => readFrame(JSON.stringify({ ...HEAD, type: 'snapshot', units }))).toThrow(BadFrame)
})

test('a unit on its way is read with its mission and events', () => {
  const unit = aUnit({ eta: anEta(), events: [{ kind: 'stalled', since: '2026-11-21T03:00:00Z' }] })
  expect(readFrame(JSON.stringify({ ...HEAD, type: 'snapshot', units: [unit] }))).toMatchObject({ units: [unit] })
})
