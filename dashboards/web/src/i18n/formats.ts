/** Ages, times and quantities as people read them. SI goes in; kilometres per hour and the centre's wall clock come out. */
import { LOCALES, translate, type Key, type Language } from './catalogue.ts'

const LOCAL_ZONE = 'Asia/Jakarta' // WIB; a centre in WITA or WIT brings its own when regions carry a zone
const LOCAL_NAME = 'WIB'
const AHEAD_S = -2 // a clock this far off is worth a word

function dateTime(language: Language, zone: string, iso: string | number, withDate: boolean): string {
  return new Intl.DateTimeFormat(LOCALES[language], {
    timeZone: zone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...(withDate ? { day: '2-digit', month: 'short', year: 'numeric' } : {}),
  }).format(new Date(iso))
}

export function localClock(language: Language, time: string | number): string {
  return `${dateTime(language, LOCAL_ZONE, time, false)} ${LOCAL_NAME}`
}

export function localDateTime(language: Language, time: string | number): string {
  return `${dateTime(language, LOCAL_ZONE, time, true)} ${LOCAL_NAME}`
}

export function utcDateTime(language: Language, time: string | number): string {
  return `${dateTime(language, 'UTC', time, true)} UTC`
}

export function number(language: Language, value: number, digits = 0): string {
  return new Intl.NumberFormat(LOCALES[language], { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    value,
  )
}

/** A length of time in its two largest parts; seconds are rounded down, so that nothing looks older than it is said to be. */
export function duration(language: Language, seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const parts = (key: Key, n: number, m = 0): string => translate(language, key, { n, m })
  if (s < 60) return parts('age.seconds', s)
  if (s < 600) return parts('age.minutesSeconds', Math.floor(s / 60), s % 60)
  if (s < 3600) return parts('age.minutes', Math.floor(s / 60))
  if (s < 86_400) return parts('age.hours', Math.floor(s / 3600), Math.floor((s % 3600) / 60))
  return parts('age.days', Math.floor(s / 86_400), Math.floor((s % 86_400) / 3600))
}

/** The age of a fix: a dash where there is none, and said aloud where the fix is ahead of the gateway's clock. */
export function age(language: Language, seconds: number | null): string {
  if (seconds === null) return translate(language, 'age.none')
  if (seconds < AHEAD_S) return translate(language, 'age.ahead', { age: duration(language, -seconds) })
  return duration(language, seconds)
}

/** Minutes for an ETA, rounded up: to promise too early is the worse error. */
export function minutes(language: Language, seconds: number): string {
  return translate(language, 'age.minutes', { n: Math.max(1, Math.ceil(seconds / 60)) })
}

/** Seconds until an arrival, to the second when that is soon; rounded up to minutes before, as nobody knows better. */
export function countdown(language: Language, seconds: number): string {
  return seconds < 600 ? duration(language, seconds) : minutes(language, seconds)
}

/** Both ends of an interval in minutes, the unit said once. */
export function range(language: Language, fromS: number, toS: number): string {
  const [from, to] = [fromS, toS].map((seconds) => Math.max(1, Math.ceil(seconds / 60)))
  return from === to ? minutes(language, toS) : translate(language, 'eta.range', { from: from ?? 1, to: to ?? 1 })
}

/** Both ends of an interval as a sentence has them: in minutes, and to the second where minutes would not tell them apart. */
export function interval(language: Language, fromS: number, toS: number): string {
  const alike = minutes(language, fromS) === minutes(language, toS)
  const say = alike ? duration : minutes
  return translate(language, 'eta.interval', { p10: say(language, Math.max(1, fromS)), p90: say(language, Math.max(1, toS)) })
}

/** Hour and minute at the centre. */
export function localMinute(language: Language, time: number): string {
  const hands = { timeZone: LOCAL_ZONE, hourCycle: 'h23', hour: '2-digit', minute: '2-digit' } as const
  return `${new Intl.DateTimeFormat(LOCALES[language], hands).format(time)} ${LOCAL_NAME}`
}

export function speed(language: Language, metresPerSecond: number | null): string {
  if (metresPerSecond === null) return translate(language, 'speed.unknown')
  return translate(language, 'speed.kmh', { n: number(language, metresPerSecond * 3.6) })
}

/** Which of the eight winds a course in degrees points to. */
export function direction(language: Language, degrees: number): string {
  return translate(language, `course.${Math.round(degrees / 45) % 8}` as Key)
}
