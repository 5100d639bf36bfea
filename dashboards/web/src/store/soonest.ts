/** Who would be there first. Unknown arrivals come last and in the order of the list: they are neither early nor late. */
import type { Eta } from '../api/types.ts'

/** Sorted by the middle, equal ones by the pessimistic end. */
export function soonest(etas: readonly Eta[], before: (a: string, b: string) => number): Eta[] {
  return etas.toSorted((a, b) => {
    if (a.eta_s === null || b.eta_s === null) {
      return Number(a.eta_s === null) - Number(b.eta_s === null) || before(a.unit, b.unit)
    }
    return a.eta_s.p50 - b.eta_s.p50 || a.eta_s.p90 - b.eta_s.p90 || before(a.unit, b.unit)
  })
}
