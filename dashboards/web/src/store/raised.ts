/** Alarms as they are shown: what nobody has acknowledged, the highest level first; many of one kind are one row, for one thing happened. */
import type { RaisedAlarm } from '../api/dispatch.ts'

/** So many of a kind become one row. */
export const TOGETHER = 4

const LEVELS = ['supervisor', 'next-unit', 'again']

export type AlarmGroup = { key: string; kind: string; alarms: RaisedAlarm[] }

/** Open and not acknowledged. */
export function waiting(alarms: readonly RaisedAlarm[]): RaisedAlarm[] {
  return alarms.filter(({ acknowledged_at, cleared_at }) => acknowledged_at === null && cleared_at === null)
}

const level = (alarm: RaisedAlarm): number => {
  const at = LEVELS.indexOf(alarm.level)
  return at < 0 ? LEVELS.length : at
}

export function grouped(alarms: readonly RaisedAlarm[]): AlarmGroup[] {
  const sorted = waiting(alarms).toSorted((a, b) => level(a) - level(b) || Date.parse(a.raised_at) - Date.parse(b.raised_at))
  const kinds = new Map<string, RaisedAlarm[]>()
  for (const alarm of sorted) kinds.set(alarm.kind, [...(kinds.get(alarm.kind) ?? []), alarm])
  return [...kinds].flatMap(([kind, all]) =>
    all.length >= TOGETHER ? [{ key: kind, kind, alarms: all }] : all.map((alarm) => ({ key: alarm.id, kind, alarms: [alarm] })),
  )
}
