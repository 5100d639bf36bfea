import { expect, test } from 'vitest'
import { Orders } from '../src/store/orders.svelte.ts'

test('an order is given once, however often the button is pressed', async () => {
  const given: unknown[] = []
  let done = (): void => undefined
  const put = (...order: unknown[]): Promise<void> => (given.push(order), new Promise((resolve) => (done = resolve)))
  const orders = new Orders(put, () => Promise.resolve())
  const first = orders.send('a', { lng: 111.9, lat: -7.1 }, 'routine')
  expect(await orders.send('a', { lng: 111.9, lat: -7.1 }, 'routine')).toBe(false)
  done()
  expect(await first).toBe(true)
  expect(given).toEqual([['a', -7.1, 111.9, 'routine']])
})

test('a refusal is kept with the words of the gateway, until the next order', async () => {
  const orders = new Orders(
    () => Promise.reject(new Error('unit a is on mission m')),
    () => Promise.resolve(),
  )
  expect(await orders.send('a', { lng: 1, lat: 2 }, 'emergency')).toBe(false)
  expect(orders.failure).toEqual({ unit: 'a', why: 'unit a is on mission m' })
  expect(await orders.recall('a')).toBe(true)
  expect(orders.failure).toBeNull()
})
