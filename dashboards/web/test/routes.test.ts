import { expect, test, vi } from 'vitest'
import type { Route } from '../src/api/requests.ts'
import { ahead } from '../src/map/ahead.ts'
import { routeFeatures } from '../src/map/layers/routes.ts'
import { arrivalOf } from '../src/store/arrival.ts'
import { Routes } from '../src/store/routes.svelte.ts'
import { anEta, aUnit, POSITION } from './unit.ts'

const NOW = Date.parse(POSITION.fix_time)
const WAY = [
  [111.88, -7.15],
  [111.89, -7.15],
  [111.89, -7.16],
]
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
const route = (version: number | null): Route => {
  return { version, line: version === null ? null : { type: 'LineString', coordinates: WAY } }
}
const units = (n: number, version: number | null = 1) =>
  Array.from({ length: n }, (_, i) => aUnit({ unit: `u${i}`, eta: anEta({ route_version: version }) }))

test('a way is fetched once as long as its version stands, and again with another', async () => {
  const asked: string[] = []
  let version = 1
  const routes = new Routes((unit) => Promise.resolve((asked.push(unit), route(version))), () => 0)
  routes.follow(units(1, 1))
  await settled()
  routes.follow(units(1, 1))
  version = 2
  routes.follow(units(1, 2))
  await settled()
  expect(asked).toEqual(['u0', 'u0'])
  expect(routes.lines.get('u0')?.version).toBe(2)
})

test('at most four ways are asked for at once, and all come in the end', async () => {
  let most = 0
  let now = 0
  const routes = new Routes(
    async () => {
      most = Math.max(most, (now += 1))
      await settled()
      now -= 1
      return route(1)
    },
    () => 0,
  )
  routes.follow(units(11))
  await vi.waitFor(() => expect(routes.lines.size).toBe(11))
  expect(most).toBe(4)
})

test('a way that failed is asked for again, but not at once', async () => {
  let clock = 0
  let tries = 0
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const routes = new Routes(() => ((tries += 1) === 1 ? Promise.reject(new Error('HTTP 503')) : Promise.resolve(route(1))), () => clock)
  routes.follow(units(1))
  await settled()
  routes.follow(units(1))
  expect([tries, warned.mock.calls.length]).toEqual([1, 1])
  clock = 3000
  routes.follow(units(1))
  await settled()
  expect([tries, routes.lines.size]).toEqual([2, 1])
  warned.mockRestore()
})

test('the way of a unit that arrived or was recalled goes, though its answer is still under way', async () => {
  let answer = (_: Route): void => undefined
  const routes = new Routes(() => new Promise((resolve) => (answer = resolve)), () => 0)
  routes.follow(units(1))
  routes.follow(units(1, null))
  answer(route(1))
  await settled()
  expect(routes.lines.size).toBe(0)
})

test('what is driven is not drawn as still to come', () => {
  expect(ahead(WAY, [111.885, -7.1501])).toEqual([[111.885, -7.15], ...WAY.slice(1)])
  expect(ahead(WAY, [111.89, -7.155])).toEqual([[111.89, -7.155], WAY[2]])
})

test('of a unit that is far from its way all of it is drawn', () => {
  expect(ahead(WAY, [111.95, -7.3])).toEqual(WAY)
})

const features = (unit: ReturnType<typeof aUnit>, afterS = 0) =>
  routeFeatures([unit], null, (each) => arrivalOf(each, NOW + 1000 * afterS), () => ({ version: 1, coordinates: WAY })).features

test('a way over roads is sure, until its unit has not been heard of for too long', () => {
  const unit = aUnit({ eta: anEta() })
  expect(features(unit).map(({ geometry, properties: { sure } }) => [geometry.type, sure])).toEqual([
    ['LineString', true],
    ['Point', true],
  ])
  expect(features(unit, 90)[0]?.properties.sure).toBe(false)
})

test('without a way over roads the line is straight and says so', () => {
  const [line] = features(aUnit({ eta: anEta({ route_version: null, source: 'straight-line' }) }))
  expect(line?.properties).toMatchObject({ straight: true, sure: false })
  expect(line?.geometry.coordinates).toEqual([
    [POSITION.longitude, POSITION.latitude],
    [111.9, -7.2],
  ])
})

test('a unit without a destination draws nothing', () => {
  expect(features(aUnit())).toEqual([])
})

test('where no way is known only the stop is drawn, and so while the way is being fetched', () => {
  const drawn = (eta: object) =>
    routeFeatures([aUnit({ eta: anEta(eta) })], null, (each) => arrivalOf(each, NOW), () => undefined).features
  const unknown = { route_version: null, eta_s: null, unknown_because: 'no open road leads there' }
  for (const eta of [unknown, { route_version: 2 }]) {
    expect(drawn(eta).map(({ geometry }) => geometry.type)).toEqual(['Point'])
  }
})
