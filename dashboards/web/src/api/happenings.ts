/**
 * The gateway's events, as they happen. They say THAT something changed; what is true then is asked for. So a missed, late or
 * doubled event costs a request and never a wrong screen. The browser resumes by the last event's id by itself; where it gives
 * up, as after an error of the gateway, a new stream is opened from that id on.
 */

/** What changes a list of ours; where units are and what they do comes by the live socket. */
export const KINDS = [
  'incident.opened',
  'incident.changed',
  'incident.closed',
  'mission.assigned',
  'mission.changed',
  'mission.ended',
  'alarm.raised',
  'alarm.changed',
  'alarm.cleared',
] as const

const AGAIN_MS = { first: 1000, longest: 15_000 }
const CLOSED = 2 // EventSource.CLOSED

export type Stream = Pick<EventSource, 'addEventListener' | 'close' | 'readyState'>

export type HappeningsDeps = {
  open: (since: string | null) => Stream
  later: (run: () => void, ms: number) => unknown
  onHappened: () => void
}

export class Happenings {
  #deps: HappeningsDeps
  #stream: Stream | null = null
  #last: string | null = null
  #failures = 0

  constructor(deps: HappeningsDeps) {
    this.#deps = deps
  }

  start(): void {
    const stream = (this.#stream = this.#deps.open(this.#last))
    const happened = (event: Event): void => {
      this.#failures = 0
      const id = 'lastEventId' in event ? event.lastEventId : null
      if (typeof id === 'string' && id !== '') this.#last = id
      this.#deps.onHappened()
    }
    for (const kind of KINDS) stream.addEventListener(kind, happened)
    stream.addEventListener('gap', happened) // events are gone that we have not seen: look at everything
    stream.addEventListener('open', () => this.#deps.onHappened()) // what was missed meanwhile
    stream.addEventListener('error', () => {
      if (this.#stream !== stream || stream.readyState !== CLOSED) return // the browser tries by itself
      this.#stream = null
      const wait = Math.min(AGAIN_MS.longest, AGAIN_MS.first * 2 ** this.#failures)
      this.#failures += 1
      this.#deps.later(() => {
        if (this.#stream === null && !this.#stopped) this.start()
      }, wait)
    })
  }

  #stopped = false

  stop(): void {
    this.#stopped = true
    this.#stream?.close()
    this.#stream = null
  }
}
