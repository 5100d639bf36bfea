/**
 * The arrival the dispatcher asks for: one point, the selected unit, and the gateway's answer.
 *
 * The answer is asked for again while the point stands, never counted down here: a countdown would go on when the unit does not.
 */
import type { Eta } from '../api/types.ts'

/** Milliseconds between two questions for the same point. */
export const ASK_AGAIN_MS = 5000

export type Target = { lng: number; lat: number }
type Ask = (unit: string, latitude: number, longitude: number, signal: AbortSignal) => Promise<Eta>

export class Estimate {
  target = $state.raw<Target | null>(null)
  eta = $state.raw<Eta | null>(null)
  failure = $state<string | null>(null)

  #ask: Ask
  #pending: AbortController | null = null

  constructor(ask: Ask) {
    this.#ask = ask
  }

  clear(): void {
    this.#pending?.abort()
    this.target = this.eta = this.failure = null
  }

  /** Choose a point; whoever shows the estimate asks for it. */
  aim(target: Target): void {
    this.clear()
    this.target = target
  }

  /** Ask again. Of two questions only the later may answer, so that an old ETA never overwrites a new one. */
  async refresh(unit: string): Promise<void> {
    const target = this.target
    if (target === null) return
    this.#pending?.abort()
    const pending = (this.#pending = new AbortController())
    try {
      const eta = await this.#ask(unit, target.lat, target.lng, pending.signal)
      if (pending.signal.aborted) return
      this.eta = eta
      this.failure = null
    } catch (error) {
      if (pending.signal.aborted) return
      this.eta = null // an answer that cannot be renewed is not kept on the screen
      this.failure = error instanceof Error ? error.message : String(error)
    }
  }
}
