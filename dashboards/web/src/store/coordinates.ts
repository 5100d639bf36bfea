/** A place out of what somebody pasted: "-7.15, 111.88", "-7,15 111,88", a map's link. Null where no place of this earth is in it. */
import type { Target } from './estimate.svelte.ts'

const POINTED = /(-?\d{1,3}\.\d+)\s*(?:[,;]|%2C|\s)\s*(-?\d{1,3}\.\d+)/i
const COMMAS = /(-?\d{1,3},\d+)\s*(?:;|\s)\s*(-?\d{1,3},\d+)/ // the decimal comma of Indonesian keyboards
const WHOLE = /^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/

export function placeIn(text: string): Target | null {
  const found = POINTED.exec(text) ?? COMMAS.exec(text) ?? WHOLE.exec(text)
  if (found === null) return null
  const [lat, lng] = [found[1], found[2]].map((part) => Number(part?.replace(',', '.')))
  if (lat === undefined || lng === undefined || Math.abs(lat) > 90 || Math.abs(lng) > 180) return null
  if (lat === 0 && lng === 0) return null // what programs write that do not know where
  return { lat, lng }
}
