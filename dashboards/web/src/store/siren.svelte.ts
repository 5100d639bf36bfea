/**
 * The sound of alarms. A browser gives a page a voice only after somebody has touched it, so whether it can be heard is a state
 * that the page shows: a board that is silent because nobody clicked must not look like one that has nothing to say.
 */
export type Voice = { readonly running: boolean; resume: () => Promise<void>; tones: (tones: readonly Tone[]) => void }
export type Tone = { hz: number; at: number; for: number } // seconds from now

/** Milliseconds between two calls of an alarm that nobody has acknowledged. */
export const REPEAT_MS = 4000

const ALARM: readonly Tone[] = [
  { hz: 880, at: 0, for: 0.18 },
  { hz: 660, at: 0.22, for: 0.18 },
  { hz: 880, at: 0.44, for: 0.18 },
]
const CHIME: readonly Tone[] = [
  { hz: 587, at: 0, for: 0.14 },
  { hz: 784, at: 0.16, for: 0.2 },
]

export class Siren {
  wanted = $state(true) // the dispatcher's choice; a new page begins loud
  unlocked = $state(false)
  readonly heard = $derived(this.wanted && this.unlocked)

  #make: () => Voice
  #now: () => number
  #voice: Voice | null = null
  #calledAt = -Infinity

  constructor(make: () => Voice, now: () => number) {
    this.#make = make
    this.#now = now
  }

  /** From within a gesture of the user's. */
  async unlock(): Promise<void> {
    try {
      this.#voice ??= this.#make()
      if (!this.#voice.running) await this.#voice.resume()
    } catch (error) {
      console.warn(`sound: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.listen()
  }

  /** Browsers take the voice away too, as when a sound device goes. */
  listen(): void {
    this.unlocked = this.#voice?.running ?? false
  }

  async toggle(): Promise<void> {
    if (this.heard) this.wanted = false
    else {
      this.wanted = true
      await this.unlock()
      if (this.heard) this.#voice?.tones(CHIME) // so that one hears that it works
    }
  }

  /** Something new that is no alarm. */
  chime(): void {
    if (this.heard) this.#voice?.tones(CHIME)
  }

  /** To be called about once a second: calls as long as anything wants to be heard. */
  tick(calling: boolean): void {
    this.listen()
    if (!calling) {
      this.#calledAt = -Infinity
      return
    }
    if (!this.heard || this.#now() - this.#calledAt < REPEAT_MS) return
    this.#calledAt = this.#now()
    this.#voice?.tones(ALARM)
  }
}

/** The browser's own. */
export function browserVoice(): Voice {
  const context = new AudioContext()
  return {
    get running(): boolean {
      return context.state === 'running'
    },
    resume: () => context.resume(),
    tones: (tones) => {
      for (const { hz, at, for: length } of tones) {
        const [source, volume] = [context.createOscillator(), context.createGain()]
        const begins = context.currentTime + at
        source.type = 'triangle'
        source.frequency.value = hz
        volume.gain.setValueAtTime(0, begins)
        volume.gain.linearRampToValueAtTime(0.25, begins + 0.02) // no click at either end
        volume.gain.setValueAtTime(0.25, begins + length - 0.03)
        volume.gain.linearRampToValueAtTime(0, begins + length)
        source.connect(volume).connect(context.destination)
        source.start(begins)
        source.stop(begins + length)
      }
    },
  }
}
