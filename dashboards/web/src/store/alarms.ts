/** Emergencies that crews have raised and nobody has answered yet: what the dispatcher has to act on before all else. */
import type { Unit } from '../api/types.ts'

export type Alarm = { unit: string; name: string; since: string }

/** The one that waits longest first; two of the same instant by name. */
export function alarmsOf(units: Iterable<Unit>): Alarm[] {
  const alarms: Alarm[] = []
  for (const { unit, name, crew } of units) {
    const emergency = crew?.emergency
    if (emergency && emergency.acknowledged_at === null) alarms.push({ unit, name, since: emergency.since })
  }
  return alarms.toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since) || a.name.localeCompare(b.name))
}
