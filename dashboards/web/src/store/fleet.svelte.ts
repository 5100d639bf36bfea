/**
 * What the board knows: the newest value of each unit, the gateway's clock, when anything was last heard, what is selected.
 *
 * One writer (the live socket) and many readers (list, map, panels). `nowMs` moves once a second, also when nothing arrives:
 * everything that shows an age reads it.
 */
import { SvelteMap } from 'svelte/reactivity'
import type { Frame, Unit } from '../api/types.ts'
import { ServerClock, type LocalTime } from './clock.ts'
import { stateOf, STATES, type State } from './freshness.ts'

/** Milliseconds for which frames are gathered before the page is touched; a busy centre sends hundreds a second. */
export const GATHER_MS = 100

/** Milliseconds of silence after which the page says that it is blind; two heartbeats missed. */
export const BANNER_AFTER_MS = 4000

export class Fleet {
  readonly units = new SvelteMap<string, Unit>()
  nowMs = $state<number | null>(null) // the gateway's time, ticking
  heardMs = $state<number | null>(null) // the gateway's time of the last frame
  silent = $state(false)
  selectedId = $state<string | null>(null)
  following = $state(false)
  readonly selected = $derived(this.selectedId === null ? null : (this.units.get(this.selectedId) ?? null))
  readonly counts = $derived.by(() => {
    const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>
    for (const unit of this.units.values()) counts[stateOf(unit, this.nowMs)] += 1
    return counts
  })

  #clock = new ServerClock()
  #heardAt: LocalTime | null = null
  #heardServerMs: number | null = null
  #startedAt: LocalTime
  #gathered = new Map<string, Unit>() // newest value of each unit since the last flush, and nothing else
  #anew = false // a snapshot is among the gathered: who is not in it is gone

  constructor(local: LocalTime) {
    this.#startedAt = local
  }

  /** Take a frame in; it is shown by the next flush. */
  take(frame: Frame, local: LocalTime): void {
    this.#heardAt = local
    this.#heardServerMs = Date.parse(frame.server_time)
    this.#clock.learn(local, this.#heardServerMs)
    if (frame.type === 'snapshot') {
      this.#gathered.clear()
      this.#anew = true
    }
    if (frame.type !== 'heartbeat') for (const unit of frame.units) this.#gathered.set(unit.unit, unit)
  }

  /** Show what was gathered. */
  flush(local: LocalTime): void {
    if (this.#anew) for (const id of this.units.keys()) if (!this.#gathered.has(id)) this.units.delete(id)
    for (const [id, unit] of this.#gathered) this.units.set(id, unit)
    this.#gathered.clear()
    this.#anew = false
    this.heardMs = this.#heardServerMs
    this.tick(local)
  }

  /** Let time pass. */
  tick(local: LocalTime): void {
    this.nowMs = this.#clock.now(local)
    this.listen(local)
  }

  /** Judge the silence. The larger of the two clocks' counts, so that a computer's sleep is silence too. */
  listen(local: LocalTime): void {
    const since = this.#heardAt ?? this.#startedAt
    this.silent = Math.max(local.steady - since.steady, local.wall - since.wall) >= BANNER_AFTER_MS
  }

  select(id: string | null): void {
    this.selectedId = id
    this.following = id !== null
  }
}
