/** Who could go to an incident and where the patient could be brought: asked again while the question stands, and gone with a failure. */
import type { Candidates, Hospital, Mission } from '../api/dispatch.ts'

/** Milliseconds between two questions about the same incident. */
export const CHOOSE_AGAIN_MS = 5000

export type Ask = {
  candidates: (incident: string, signal: AbortSignal) => Promise<Candidates>
  hospitals: (incident: string, signal: AbortSignal) => Promise<Hospital[]>
  missions: (incident: string, signal: AbortSignal) => Promise<Mission[]>
}

type Part = keyof Ask
type Answers = { [P in Part]: Awaited<ReturnType<Ask[P]>> | null }

export class Choice {
  answers = $state.raw<Answers>({ candidates: null, hospitals: null, missions: null })
  failures = $state.raw<Record<Part, string | null>>({ candidates: null, hospitals: null, missions: null })

  #ask: Ask
  #incident: string | null = null
  #pending: Partial<Record<Part, AbortController>> = {}

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /** Of another incident nothing is known yet. */
  about(incident: string | null): void {
    if (incident === this.#incident) return
    this.#incident = incident
    for (const pending of Object.values(this.#pending)) pending.abort()
    this.answers = { candidates: null, hospitals: null, missions: null }
    this.failures = { candidates: null, hospitals: null, missions: null }
  }

  async refresh(...parts: Part[]): Promise<void> {
    await Promise.all(parts.map((part) => this.#one(part)))
  }

  async #one<P extends Part>(part: P): Promise<void> {
    const incident = this.#incident
    if (incident === null) return
    this.#pending[part]?.abort()
    const pending = (this.#pending[part] = new AbortController())
    let answer: Answers[Part] = null
    let failure: string | null = null
    try {
      answer = await this.#ask[part](incident, pending.signal)
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error)
    }
    if (pending.signal.aborted) return
    this.answers = { ...this.answers, [part]: answer }
    this.failures = { ...this.failures, [part]: failure }
  }
}
