/**
 * Why an arrival is unknown, in the reader's language. The gateway says it in English sentences; those that this board knows are
 * said in its own words, any other as it came: better a foreign sentence than none.
 */
import type { Because } from '../store/arrival.ts'
import { translate, type Key, type Language } from './catalogue.ts'
import { duration } from './formats.ts'

const KNOWN: readonly [begins: string, key: Key][] = [
  ['the unit has no position', 'eta.reason.noPosition'],
  ['no open road', 'eta.reason.noRoad'],
  ['the unit is not within', 'eta.reason.unitOffRoad'],
  ['the place is not within', 'eta.reason.placeOffRoad'],
  ['neither end', 'eta.reason.endsOffRoad'],
  ['the way is being looked for', 'eta.reason.looking'],
  ['the arrival at the stop before', 'eta.reason.stopBefore'],
]

function inWords(language: Language, sentence: string | null): string {
  const known = KNOWN.find(([begins]) => sentence?.startsWith(begins))
  return known === undefined ? (sentence ?? translate(language, 'detail.unknown')) : translate(language, known[1])
}

/** The reason in words. */
export function reason(language: Language, because: Because): string {
  if ('said' in because) return inWords(language, because.said)
  if (because.fact === 'no-position') return translate(language, 'eta.reason.noPosition')
  const [age, limit] = [duration(language, because.ageS), duration(language, because.limitS)]
  return translate(language, 'eta.reason.tooOld', { age, limit })
}
