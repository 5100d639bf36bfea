/**
 * The sign of each state, drawn once for the list (SVG) and the map (canvas). Each differs by shape, not by colour alone:
 * full disc, half disc, hollow ring, crossed ring, dotted ring. Paths lie in a box of 24 x 24 round 12, 12.
 */
import type { State } from './store/freshness.ts'

const RING = 'M12 4.5a7.5 7.5 0 1 1 0 15a7.5 7.5 0 1 1 0-15z'

export type Shape = { fill: string | null; stroke: string; dash: [number, number] | null }

export const SHAPES: Record<State, Shape> = {
  fresh: { fill: RING, stroke: RING, dash: null },
  ageing: { fill: 'M12 4.5a7.5 7.5 0 0 0 0 15z', stroke: `${RING}M12 4.5v15`, dash: null },
  stale: { fill: null, stroke: RING, dash: null },
  lost: { fill: null, stroke: `${RING}M7.5 7.5l9 9M16.5 7.5l-9 9`, dash: null },
  none: { fill: null, stroke: RING, dash: [1.5, 3.2] },
}

/** Grows out of the disc to the north, so that both together are a drop; turned by the course. */
export const ARROW = 'M12 -6L18.2 6.6a8.2 8.2 0 0 0 -12.4 0z'
