/** The language the page speaks now, and t(), which follows it. */
import { preferred, translate, translateCode, type Key, type Language, type Params } from './catalogue.ts'

const STORED = 'sigap.language'

class Words {
  language = $state<Language>(this.#initial())

  #initial(): Language {
    const kept = localStorage.getItem(STORED)
    return kept === 'id' || kept === 'en' ? kept : preferred(navigator.languages)
  }

  toggle(): void {
    this.language = this.language === 'id' ? 'en' : 'id'
    localStorage.setItem(STORED, this.language)
  }
}

export const words = new Words()
export const t = (key: Key, params?: Params): string => translate(words.language, key, params)
export const code = (group: string, value: string): string => translateCode(words.language, group, value)
