/**
 * The live socket: keeps itself alive, proves that no change was missed, and says when it last heard anything.
 *
 * It knows nothing of the page. Socket, clock, timer and chance are arguments, so that tests own them. There is no queue
 * of events here: each frame is handed over at once and the receiver keeps only the newest value of each unit, so
 * that a tab that slept for an hour wakes up to one snapshot and not to an hour of changes.
 */
import { BadFrame, readFrame } from './frames.ts'
import type { Frame } from './types.ts'

/** Milliseconds without any frame after which a socket counts as dead; the gateway's heartbeat comes every 2 s. */
export const SILENCE_MS = 5000
/** First and longest wait before a new attempt. Short, because a dispatcher waits in front of it. */
const BACKOFF_MS = { first: 250, longest: 3000 }

export type Socket = Pick<WebSocket, 'close'> & {
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
}

export type LiveDeps = {
  open: (query: string) => Socket
  now: () => number // milliseconds, any steady origin
  later: (run: () => void, ms: number) => unknown
  random: () => number
  onFrame: (frame: Frame) => void
  onProblem: (problem: string) => void
}

export class Live {
  #deps: LiveDeps
  #socket: Socket | null = null
  #stream: string | null = null
  #seq = 0
  #failures = 0
  #since = 0 // when the socket was opened or last heard
  #stopped = false

  constructor(deps: LiveDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#stopped = false
    this.#open()
  }

  stop(): void {
    this.#stopped = true
    this.#drop()
  }

  /** To be called about once a second: gives up a socket that has said nothing for too long, half-open ones included. */
  check(): void {
    if (this.#socket !== null && this.#deps.now() - this.#since >= SILENCE_MS) this.#retry('silence')
  }

  #open(): void {
    if (this.#stopped) return
    const query = this.#stream === null ? '' : `?stream=${encodeURIComponent(this.#stream)}&since=${this.#seq}`
    this.#since = this.#deps.now()
    const socket = this.#deps.open(query)
    this.#socket = socket
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#receive(event.data)
    }
    socket.onclose = () => {
      if (this.#socket === socket) this.#retry('closed')
    }
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = null
    if (socket === null) return
    socket.onmessage = null
    socket.onclose = null
    socket.close()
  }

  #retry(problem: string): void {
    this.#drop()
    this.#deps.onProblem(problem)
    const ceiling = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** this.#failures)
    this.#failures += 1
    this.#deps.later(() => this.#open(), ceiling * (0.5 + 0.5 * this.#deps.random()))
  }

  #receive(data: unknown): void {
    try {
      const frame = readFrame(String(data))
      this.#inOrder(frame)
      this.#since = this.#deps.now()
      if (frame.type === 'heartbeat') {
        this.#failures = 0 // not at the snapshot: a server that dies after each one must not be hammered
      } else {
        this.#stream = frame.stream
        this.#seq = frame.seq
      }
      this.#deps.onFrame(frame)
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error
      this.#stream = null // what we hold can no longer be trusted: begin again with a snapshot
      this.#retry(error.message)
    }
  }

  /** A snapshot starts anew; anything else must continue exactly where we are. */
  #inOrder(frame: Frame): void {
    if (frame.type === 'snapshot') return
    if (frame.stream !== this.#stream) throw new BadFrame('a frame belongs to another stream')
    if (frame.type === 'changes' && frame.from !== this.#seq) {
      throw new BadFrame(`a gap: we are at ${this.#seq}, the frame continues ${frame.from}`)
    }
  }
}
