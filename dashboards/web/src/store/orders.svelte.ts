/** Sending a unit somewhere, and taking that back. What is true is what the live feed says; this only asks and tells of refusals. */
import type { Urgency } from '../api/types.ts'
import type { Target } from './estimate.svelte.ts'

type Put = (unit: string, latitude: number, longitude: number, urgency: Urgency) => Promise<void>

export class Orders {
  busy = $state(false)
  failure = $state.raw<{ unit: string; why: string } | null>(null)

  #put: Put
  #delete: (unit: string) => Promise<void>

  constructor(put: Put, remove: (unit: string) => Promise<void>) {
    this.#put = put
    this.#delete = remove
  }

  /** Whether the gateway took it. */
  send(unit: string, to: Target, urgency: Urgency): Promise<boolean> {
    return this.#order(unit, () => this.#put(unit, to.lat, to.lng, urgency))
  }

  recall(unit: string): Promise<boolean> {
    return this.#order(unit, () => this.#delete(unit))
  }

  async #order(unit: string, order: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false // a second press of the same button
    this.busy = true
    this.failure = null
    try {
      await order()
      return true
    } catch (error) {
      this.failure = { unit, why: error instanceof Error ? error.message : String(error) }
      return false
    } finally {
      this.busy = false
    }
  }
}
