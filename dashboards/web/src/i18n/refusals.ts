/** How a request that failed is told: what the gateway said, or that it said nothing, which is no refusal. */
import { NO_ANSWER } from '../api/requests.ts'
import { t } from './words.svelte.ts'

const orSilence = (why: string): string => (why === NO_ANSWER ? t('request.noAnswer') : why)

/** Of a question. */
export const failed = (why: string): string => (why === NO_ANSWER ? t('request.noAnswer') : t('eta.failed', { reason: why }))
/** Of a deed: without an answer it may be done all the same. */
export const refused = (why: string): string => (why === NO_ANSWER ? t('request.unsure') : t('go.refused', { reason: why }))
/** Of an acknowledgement. */
export const notNoted = (why: string): string => t('emergency.refused', { reason: orSilence(why) })
