/**
 * The reasons of candidates and hospitals, from the gateway's codes and figures. A code that this board does not know yet is said
 * by the gateway's own sentence: better a foreign sentence than none.
 */
import type { Reason } from '../api/dispatch.ts'
import { CATALOGUES, translate, translateCode, type Key, type Language } from './catalogue.ts'
import { countdown, duration, localClock, number } from './formats.ts'
import { reason } from './reasons.ts'

const AHEAD = ['p50', 'p90', 'seconds'] // in seconds; to promise too early is the worse error

/** A figure as people read it, by its name. */
function figure(language: Language, name: string, value: unknown): string {
  if (typeof value === 'number') {
    if (name === 'age') return duration(language, value)
    return AHEAD.includes(name) ? countdown(language, value) : number(language, value, Number.isInteger(value) ? 0 : 1)
  }
  if (name === 'because') return reason(language, { said: String(value) })
  if (name === 'at' && !Number.isNaN(Date.parse(String(value)))) return localClock(language, String(value))
  return translateCode(language, 'crew', String(value)) // a status; a name of anything else stays as it came
}

export function why(language: Language, { why: what, values, sentence }: Reason): string {
  const key = `why.${what}`
  if (!(key in CATALOGUES[language])) return sentence
  const figures = Object.entries(values ?? {}).map(([name, value]) => [name, figure(language, name, value)])
  const said = translate(language, key as Key, Object.fromEntries(figures) as Record<string, string>)
  return /\{\w+\}/.test(said) ? sentence : said // a figure that the words need is missing
}
