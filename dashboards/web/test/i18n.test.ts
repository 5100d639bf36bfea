import { expect, test } from 'vitest'
import { CATALOGUES, preferred, translate, translateCode } from '../src/i18n/catalogue.ts'
import { age, direction, duration, interval, localDateTime, minutes, speed, utcDateTime } from '../src/i18n/formats.ts'

const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).toSorted()

test('both catalogues have the same keys, and the same holes to fill', () => {
  const { id, en } = CATALOGUES
  expect(Object.keys(en).toSorted()).toEqual(Object.keys(id).toSorted())
  for (const [key, text] of Object.entries(id)) expect(holes(en[key as keyof typeof id]), key).toEqual(holes(text))
})

test('no words are empty', () => {
  for (const catalogue of Object.values(CATALOGUES)) {
    for (const [key, text] of Object.entries(catalogue)) expect(text.trim(), key).not.toBe('')
  }
})

test.each([
  [['id-ID', 'en'], 'id'],
  [['en-US', 'id'], 'en'],
  [['jv', 'id'], 'id'],
  [['fr'], 'id'],
  [[], 'id'],
])('a browser that wants %j is spoken to in %s', (wanted, language) => {
  expect(preferred(wanted)).toBe(language)
})

test('a code nobody has translated yet is shown rather than hidden', () => {
  expect(translateCode('id', 'quality', 'null-island')).toBe('posisi 0, 0')
  expect(translateCode('id', 'quality', 'jumped')).toBe('jumped')
})

test('holes are filled, and a forgotten one stays visible', () => {
  expect(translate('en', 'say.state', { name: 'A', state: 'stale' })).toBe('A: stale')
  expect(translate('en', 'say.state', { name: 'A' })).toBe('A: {state}')
})

test.each([
  [0.9, '0 s'],
  [59.9, '59 s'],
  [60, '1 min 0 s'],
  [599, '9 min 59 s'],
  [754, '12 min'],
  [3661, '1 h 1 min'],
  [90_000, '1 d 1 h'],
])('%d seconds read %s', (seconds, text) => {
  expect(duration('en', seconds)).toBe(text)
})

test('an age that is not known is a dash and never zero', () => {
  expect(age('id', null)).toBe('—')
})

test('a fix ahead of the clock says so, a small difference does not', () => {
  expect(age('en', -90)).toBe("1 min 30 s ahead of the server's clock")
  expect(age('en', -1.5)).toBe('0 s')
})

test('the ends of an interval are told apart', () => {
  expect(interval('en', 601, 1310)).toContain('11 min and 22 min')
  expect(interval('en', 22.4, 51.9)).toContain('22 s and 51 s')
  expect(interval('en', 0.2, 30)).toContain('1 s and 30 s')
  expect(interval('en', 125, 175)).toContain('2 min 5 s and 2 min 55 s')
})

test('an ETA is rounded up to minutes and never to nothing', () => {
  expect(minutes('en', 0.4)).toBe('1 min')
  expect(minutes('id', 61)).toBe('2 mnt')
})

test('times are those of the centre, and UTC beside it', () => {
  expect(localDateTime('id', '2026-11-21T20:04:05.200000Z')).toBe('22 Nov 2026, 03.04.05 WIB')
  expect(utcDateTime('en', '2026-11-21T20:04:05.200000Z')).toBe('21 Nov 2026, 20:04:05 UTC')
})

test('speed is in kilometres per hour, and a question where unknown', () => {
  expect(speed('id', 12.3)).toBe('44 km/j')
  expect(speed('id', null)).toBe('laju ?')
})

test.each([
  [0, 'north'],
  [22, 'north'],
  [23, 'north-east'],
  [180, 'south'],
  [359, 'north'],
])('%d degrees point %s', (degrees, name) => {
  expect(direction('en', degrees)).toBe(name)
})
