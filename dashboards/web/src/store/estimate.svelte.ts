/**
 * The arrival the dispatcher asks for: one point, and the gateway's answer for the selected unit or for all of them.
 *
 * The answer is asked for again while the point stands, never counted down here: a countdown would go on when the unit does not.
 */
import type { Eta, Urgency } from '../api/types.ts'

/** Milliseconds between two questions for the same point. */
export const ASK_AGAIN_MS = 5000

export type Target = { lng: number; lat: number }
type AskOne = (unit: string, latitude: number, longitude: number, urgency: Urgency, signal: AbortSignal) => Promise<Eta>
type AskAll = (latitude: number, longitude: number, urgency: Urgency, signal: AbortSignal) => Promise<Eta[]>

export class Estimate {
  target = $state.raw<Target | null>(null)
  urgency = $state<Urgency>('emergency')
  eta = $state.raw<Eta | null>(null) // of the unit that was asked for last
  all = $state.raw<Eta[] | null>(null) // of every unit
  failure = $state<string | null>(null)

  #one: AskOne
  #every: AskAll
  #pending: AbortController | null = null

  constructor(one: AskOne, every: AskAll) {
    this.#one = one
    this.#every = every
  }

  clear(): void {
    this.forget()
    this.target = null
  }

  /** Drop the answers and keep the point: another question is asked from now on. */
  forget(): void {
    this.#pending?.abort()
    this.eta = this.all = this.failure = null
  }

  /** Choose a point; whoever shows the estimate asks for it. */
  aim(target: Target): void {
    this.clear()
    this.target = target
  }

  /** Ask again, for one unit or (null) for all. Of two questions only the later may answer, so that an old ETA never overwrites a new one. */
  async refresh(unit: string | null): Promise<void> {
    const target = this.target
    if (target === null) return
    this.#pending?.abort()
    const pending = (this.#pending = new AbortController())
    try {
      const [eta, all] =
        unit === null
          ? [null, await this.#every(target.lat, target.lng, this.urgency, pending.signal)]
          : [await this.#one(unit, target.lat, target.lng, this.urgency, pending.signal), null]
      if (pending.signal.aborted) return
      this.eta = eta
      this.all = all
      this.failure = null
    } catch (error) {
      if (pending.signal.aborted) return
      this.eta = this.all = null // an answer that cannot be renewed is not kept on the screen
      this.failure = error instanceof Error ? error.message : String(error)
    }
  }
}
