/** The words of the board. A key that is not in the Indonesian catalogue does not compile; a test keeps the English one equal. */
import en from './en.json'
import id from './id.json'

export type Language = 'id' | 'en'
export type Key = keyof typeof id
export type Params = Record<string, string | number>

export const CATALOGUES: Record<Language, Record<Key, string>> = { id, en }
export const LOCALES: Record<Language, string> = { id: 'id-ID', en: 'en-GB' }

export function translate(language: Language, key: Key, params: Params = {}): string {
  return CATALOGUES[language][key].replace(/\{(\w+)\}/g, (hole, name: string) => String(params[name] ?? hole))
}

/** The words for a code of the wire, such as quality "null-island"; a code we do not know yet is shown as it came. */
export function translateCode(language: Language, group: string, code: string): string {
  const key = `${group}.${code}`
  return key in CATALOGUES[language] ? CATALOGUES[language][key as Key] : code
}

/** Indonesian unless the browser asks for English before it: the board stands in Indonesian call centres. */
export function preferred(wanted: readonly string[]): Language {
  const first = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'id' || tag === 'en')
  return first === 'en' ? 'en' : 'id'
}
