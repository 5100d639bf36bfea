/**
 * The gateway's clock, as seen from this browser. Ages are judged by it, because a desk computer's clock may be minutes off.
 *
 * Each frame carries server_time. It was written before it arrived, so every sample is too low by the transit time, and
 * the highest of the recent samples is the best. Two local clocks are kept, as each fails in its own way: the
 * steady one stops while the computer sleeps, the wall clock is set by people. Of the two answers the later counts: a fix
 * may look a little too old on this board, but never too young.
 */

const WINDOW_MS = 60_000
const STEP_MS = 2000

class Offset {
  #samples: { at: number; offset: number }[] = []
  #forgetSteps: boolean

  constructor(forgetSteps: boolean) {
    this.#forgetSteps = forgetSteps
  }

  add(local: number, server: number): void {
    const offset = server - local
    const best = this.best()
    if (this.#forgetSteps && best !== null && Math.abs(offset - best) > STEP_MS) this.#samples = []
    this.#samples = this.#samples.filter((sample) => Math.abs(local - sample.at) < WINDOW_MS)
    this.#samples.push({ at: local, offset })
  }

  best(): number | null {
    return this.#samples.length === 0 ? null : Math.max(...this.#samples.map((sample) => sample.offset))
  }
}

export type LocalTime = { steady: number; wall: number } // milliseconds each

export class ServerClock {
  #steady = new Offset(false)
  #wall = new Offset(true) // the wall clock was set: what we knew of it is void

  /** Learn from a frame that has just arrived; serverMs is its server_time in milliseconds since 1970. */
  learn(local: LocalTime, serverMs: number): void {
    this.#steady.add(local.steady, serverMs)
    this.#wall.add(local.wall, serverMs)
  }

  /** The gateway's time in milliseconds since 1970, or null before the first frame. */
  now(local: LocalTime): number | null {
    const steady = this.#steady.best()
    const wall = this.#wall.best()
    if (steady === null || wall === null) return null
    return Math.max(local.steady + steady, local.wall + wall)
  }
}
