import { expect, test } from 'vitest'
import { byName, matches } from '../src/store/finding.ts'
import { aUnit } from './unit.ts'

test('units are ordered as people count: 2 before 10', () => {
  const names = ['Ambulans 10', 'Ambulans 2', 'Ambulans 1']
  const units = names.map((name) => aUnit({ name, unit: name }))
  expect(units.toSorted(byName).map((unit) => unit.name)).toEqual(['Ambulans 1', 'Ambulans 2', 'Ambulans 10'])
})

test.each([
  ['', true],
  ['ambu', true],
  ['01 ANS', true],
  ['ambulance', true],
  ['ambulans-01', true],
  ['02', false],
])('the query %j finds Ambulans 01: %s', (query, found) => {
  expect(matches(aUnit(), query)).toBe(found)
})
