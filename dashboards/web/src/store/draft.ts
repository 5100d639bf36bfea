/** What was typed about a new incident: it stays when something else calls the dispatcher away from the form. */
import type { Grade } from '../api/dispatch.ts'

export type Draft = { where: string; name: string; urgency: Grade; kind: string; notes: string }

export const emptyDraft = (): Draft => ({ where: '', name: '', urgency: 'emergency', kind: '', notes: '' })
