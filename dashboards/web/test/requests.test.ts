import { afterEach, expect, test, vi } from 'vitest'
import { ask, json, NO_ANSWER, taken } from '../src/api/requests.ts'

afterEach(() => vi.unstubAllGlobals())

/** A network that takes everything and answers nothing, as a cut line does. */
const swallow = (_path: string, { signal }: RequestInit): Promise<Response> =>
  new Promise((_, refuse) => signal?.addEventListener('abort', () => refuse(signal.reason as Error)))
const answer = (status: number, body: object) => () => Promise.resolve(new Response(JSON.stringify(body), { status }))

test('a request that nobody answers is given up, so that whoever waits for it can go on', async () => {
  vi.stubGlobal('fetch', swallow)
  await expect(ask('api/v1/units', json, {}, 20)).rejects.toThrow(NO_ANSWER)
})

test('one that cannot be sent has no answer either, in no browser its own words', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  await expect(ask('api/v1/units', json)).rejects.toThrow(NO_ANSWER)
})

test('an answer that breaks off has not come', async () => {
  const half = new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"units":')) }))
  vi.stubGlobal('fetch', (_path: string, { signal }: RequestInit) => {
    const text = new Promise<string>((_, refuse) => signal?.addEventListener('abort', () => refuse(signal.reason as Error)))
    return Promise.resolve(Object.assign(half, { json: () => text }))
  })
  await expect(ask('api/v1/units', json, {}, 20)).rejects.toThrow(NO_ANSWER)
})

test('a question that was taken back is no failure of the gateway', async () => {
  vi.stubGlobal('fetch', swallow)
  const back = new AbortController()
  const asked = ask('api/v1/eta', json, { signal: back.signal })
  back.abort()
  await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
})

test("a refusal is told in the gateway's own words, or by its number", async () => {
  vi.stubGlobal('fetch', answer(409, { detail: 'the unit is on another mission' }))
  await expect(ask('api/v1/missions', taken, { method: 'POST' })).rejects.toThrow('the unit is on another mission')
  vi.stubGlobal('fetch', answer(502, {}))
  await expect(ask('api/v1/missions', taken, { method: 'POST' })).rejects.toThrow('HTTP 502')
})

test('an answer is taken as it is', async () => {
  vi.stubGlobal('fetch', answer(200, { units: [] }))
  expect(await ask('api/v1/units', json)).toEqual({ units: [] })
})
