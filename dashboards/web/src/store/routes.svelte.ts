/**
 * The ways of the units that drive somewhere. The live feed gives a version only; the line is fetched when that is another.
 *
 * At most a few at once, and of each unit one: a change of weights plans every drive anew, and the gateway has better to do
 * than to answer five hundred requests of each board in one moment.
 */
import { SvelteMap } from 'svelte/reactivity'
import type { Route } from '../api/requests.ts'
import type { Unit } from '../api/types.ts'

const AT_ONCE = 4
const AGAIN_MS = 3000 // after a failure, and where the answer is older than the version we know

export type Line = { version: number; coordinates: number[][] }

export class Routes {
  readonly lines = new SvelteMap<string, Line>()

  #fetch: (unit: string) => Promise<Route>
  #now: () => number
  #wanted = new Map<string, number>() // unit -> version
  #asking = new Set<string>()
  #notBefore = new Map<string, number>()

  constructor(fetch: (unit: string) => Promise<Route>, now: () => number) {
    this.#fetch = fetch
    this.#now = now
  }

  /** Come to terms with what the units say now; to be called with every change, and once a second. */
  follow(units: Iterable<Unit>): void {
    this.#wanted.clear()
    for (const { unit, eta } of units) if (eta?.route_version != null) this.#wanted.set(unit, eta.route_version)
    for (const unit of this.lines.keys()) if (!this.#wanted.has(unit)) this.lines.delete(unit)
    this.#next()
  }

  #next(): void {
    for (const [unit, version] of this.#wanted) {
      if (this.#asking.size >= AT_ONCE) return
      const due = this.#now() >= (this.#notBefore.get(unit) ?? 0)
      if (due && !this.#asking.has(unit) && this.lines.get(unit)?.version !== version) void this.#ask(unit)
    }
  }

  async #ask(unit: string): Promise<void> {
    this.#asking.add(unit)
    try {
      const { version, line } = await this.#fetch(unit)
      if (this.#wanted.has(unit) && version !== null && line !== null) {
        this.lines.set(unit, { version, coordinates: line.coordinates })
      }
      if (version !== this.#wanted.get(unit)) this.#notBefore.set(unit, this.#now() + AGAIN_MS)
    } catch (error) {
      console.warn(`route of ${unit}: ${error instanceof Error ? error.message : String(error)}`)
      this.#notBefore.set(unit, this.#now() + AGAIN_MS)
    } finally {
      this.#asking.delete(unit)
    }
    this.#next()
  }
}
