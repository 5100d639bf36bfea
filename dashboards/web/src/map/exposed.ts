/**
 * What the canvas shows, readable from outside the canvas: `window.__board.drawn()`, `.routes()` and `.middle()`.
 *
 * Pixels of WebGL can be asked nothing. Tests, and a support engineer at a dispatcher's desk, must be able to say "unit 7 is
 * drawn there" without comparing pictures. It gives copies and takes nothing: no hand on the board from here.
 */
import type { Chart } from './chart.ts'
import type { Place } from './layers/target.ts'

export type DrawnUnit = { unit: string; lng: number; lat: number; state: string; painted: boolean }
export type DrawnRoute = { unit: string; sure: boolean; straight: boolean; points: number[][] }

declare global {
  interface Window {
    readonly __board?: { readonly drawn: () => DrawnUnit[]; readonly routes: () => DrawnRoute[]; readonly middle: () => Place }
  }
}

export function expose(chart: Chart): void {
  const drawn = (): DrawnUnit[] => {
    const { units, painted } = chart.drawn()
    const visible = new Set(painted)
    return units.map(({ geometry, properties: { unit, state } }) => {
      const [lng = NaN, lat = NaN] = geometry.coordinates
      return { unit, lng, lat, state, painted: visible.has(unit) }
    })
  }
  const routes = (): DrawnRoute[] =>
    chart.routes().flatMap(({ geometry, properties: { unit, sure, straight } }) => {
      if (geometry.type !== 'LineString') return []
      return [{ unit, sure, straight, points: geometry.coordinates.map((point) => [...point]) }]
    })
  const middle = (): Place => chart.middle()
  Object.defineProperty(window, '__board', { value: Object.freeze({ drawn, routes, middle }), writable: false })
}
