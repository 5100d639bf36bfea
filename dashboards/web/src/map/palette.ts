/** The map's colours are the page's: read from the style sheet, so that dark and light are decided in one place. */
import type { State } from '../store/freshness.ts'

export type Palette = {
  ground: string
  line: string
  road: string
  label: string
  faint: string
  accent: string
  route: string
  disc: string // behind a hollow sign, so that lines do not shine through
  state: Record<State, string>
  urgency: Record<string, string> // of incidents
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element)
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    ground: colour('map-ground'),
    line: colour('map-line'),
    road: colour('map-road'),
    label: colour('text'),
    faint: colour('map-label'),
    accent: colour('accent'),
    route: colour('route'),
    disc: colour('map-disc'),
    state: {
      fresh: colour('fresh'),
      ageing: colour('ageing'),
      stale: colour('stale'),
      lost: colour('lost'),
      none: colour('stale'),
    },
    urgency: { emergency: colour('lost'), urgent: colour('ageing'), routine: colour('stale') },
  }
}
