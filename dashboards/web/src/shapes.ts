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

/** The signs of what can be wrong with a drive, in strokes: a way that leaves another, a turn back, a pause, a clock. */
export const EVENTS: Record<string, string> = {
  'off-route': 'M7 20.500V3.500M7 15c0-5 3-6 8-6M12.500 4.500L17 9l-4.500 4.500',
  'wrong-way': 'M6.500 20V10a5 5 0 0 1 10 0v8M12.500 14.500l4 4l4-4',
  stalled: 'M8.500 5v14M15.500 5v14',
  slipping: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16zM12 7.500V12.500l3.500 2',
}

/** Of an event that this board does not know yet. */
export const SOME_EVENT = 'M12 4l9 16H3zM12 10v4M12 17v.2'

/** Grows out of the disc to the north, so that both together are a drop; turned by the course. */
export const ARROW = 'M12 -6L18.2 6.6a8.2 8.2 0 0 0 -12.4 0z'
