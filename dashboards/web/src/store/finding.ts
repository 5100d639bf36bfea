/** Which units the list shows and in what order. The order never depends on age: rows that jump cannot be clicked. */
import type { Unit } from '../api/types.ts'

const natural = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

export function byName(a: Unit, b: Unit): number {
  return natural.compare(a.name, b.name) || natural.compare(a.unit, b.unit)
}

/** Whether every word of the query is in the unit's name, id or kind. */
export function matches(unit: Unit, query: string): boolean {
  const text = `${unit.name} ${unit.unit} ${unit.kind}`.toLocaleLowerCase()
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
