/**
 * What is going on: open incidents, the missions of their units, raised alarms. Always a whole answer of the gateway, asked for
 * when an event says that something changed and, whatever events say, every few seconds. What cannot be renewed is kept and
 * called old: an incident that vanishes from the screen because the network did is worse than an old one.
 */
import type { Incident, Kind, Mission, RaisedAlarm, Standing } from '../api/dispatch.ts'

/** Milliseconds between two questions when no event comes. */
export const ASK_EVERY_MS = 10_000
/** Milliseconds without an answer after which the page says that it may miss incidents. */
export const OLD_AFTER_MS = 15_000

const RANK: Record<string, number> = { emergency: 0, urgent: 1, routine: 2 }

export class Dispatch {
  incidents = $state.raw<Incident[]>([])
  missions = $state.raw<Mission[]>([])
  alarms = $state.raw<RaisedAlarm[]>([])
  kinds = $state.raw<Kind[]>([]) // of incidents, by the centre's table
  selectedId = $state<string | null>(null)
  news = $state.raw<Incident[]>([]) // what appeared last: for whoever says it aloud
  old = $state(false) // nothing was heard of them for too long
  known = $state(false) // they were heard of at all
  turn = $state(0) // counts answers: who shows more than the list asks again with each
  readonly selected = $derived(this.incidents.find(({ id }) => id === this.selectedId) ?? null)

  #fetch: () => Promise<Standing>
  #now: () => number
  #appeared: (incidents: Incident[]) => void
  #running: Promise<void> | null = null
  #again = false
  #askedAt = -Infinity
  #heardAt: number

  constructor(fetch: () => Promise<Standing>, now: () => number, appeared: (incidents: Incident[]) => void) {
    this.#fetch = fetch
    this.#now = now
    this.#appeared = appeared
    this.#heardAt = now()
  }

  /** Something happened: ask. What happens while the answer is under way is asked for after it; when this ends, it is known. */
  refresh(): Promise<void> {
    this.#again = true
    this.#running ??= this.#ask()
    return this.#running
  }

  async #ask(): Promise<void> {
    while (this.#again) {
      this.#again = false
      this.#askedAt = this.#now()
      try {
        this.#take(await this.#fetch())
      } catch (error) {
        console.warn(`incidents: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    this.#running = null
  }

  /** To be called about once a second. */
  tick(): void {
    if (this.#now() - this.#askedAt >= ASK_EVERY_MS) void this.refresh()
    this.old = this.#now() - this.#heardAt >= OLD_AFTER_MS
  }

  select(id: string | null): void {
    this.selectedId = id
  }

  missionsOf(incident: string): Mission[] {
    return this.missions.filter((mission) => mission.incident === incident)
  }

  /** What the centre calls a kind. */
  kindName(kind: string): string {
    return this.kinds.find((each) => each.kind === kind)?.name ?? kind
  }

  #take({ incidents, missions, alarms }: Standing): void {
    const before = new Set(this.incidents.map(({ id }) => id))
    const first = !this.known
    this.incidents = incidents.toSorted(
      (a, b) => (RANK[a.urgency] ?? 3) - (RANK[b.urgency] ?? 3) || Date.parse(b.opened_at) - Date.parse(a.opened_at),
    )
    this.missions = missions
    this.alarms = alarms
    this.known = true
    this.old = false
    this.#heardAt = this.#now()
    this.turn += 1
    const fresh = this.incidents.filter(({ id }) => !before.has(id))
    if (first || fresh.length === 0) return
    this.news = fresh
    this.#appeared(fresh)
  }
}
