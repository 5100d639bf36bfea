/** What a unit is doing, by the name that its centre has for it; where the gateway tells no such name, by ours. */
import type { Mission } from '../api/dispatch.ts'
import type { Unit } from '../api/types.ts'
import { translateCode, type Language } from '../i18n/catalogue.ts'

export type Said = { status: string; label: string }

export function standingOf(unit: Unit | undefined, mission: Mission | null, language: Language): Said {
  const standing = unit?.standing
  if (standing != null) return { status: standing.status, label: standing.label || translateCode(language, 'crew', standing.status) }
  const says = unit?.crew?.says
  if (says != null && (mission === null || says.mission === mission.id)) {
    return { status: says.status, label: translateCode(language, 'crew', says.status) }
  }
  const state = mission?.state ?? 'unknown'
  return { status: state, label: translateCode(language, 'mission', state) }
}
