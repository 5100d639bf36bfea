/** What the dispatcher does to incidents and alarms. The page changes by what the gateway then says; here is only: under way, or refused. */

export class Deeds {
  busy = $state<string | null>(null) // what is under way: a name of the caller's
  failure = $state.raw<{ what: string; why: string } | null>(null)

  #done: () => void

  /** `done` is called after each deed, whether it was taken or not: either way it is time to look. */
  constructor(done: () => void) {
    this.#done = done
  }

  /** Whether the gateway took it. A second press while one is under way does nothing. */
  async do(what: string, deed: () => Promise<void>): Promise<boolean> {
    if (this.busy !== null) return false
    this.busy = what
    this.failure = null
    try {
      await deed()
      return true
    } catch (error) {
      this.failure = { what, why: error instanceof Error ? error.message : String(error) }
      return false
    } finally {
      this.busy = null
      this.#done()
    }
  }
}

/**
 * Ids of the client's own: a request whose answer was lost is repeated with the same one and makes nothing twice.
 *
 * The id of a purpose stays until it is used up; another purpose has another.
 */
export class Ids {
  #ids = new Map<string, string>()
  #random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

  constructor(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (bytes) => crypto.getRandomValues(bytes)) {
    this.#random = random
  }

  for(purpose: string): string {
    const known = this.#ids.get(purpose)
    if (known !== undefined) return known
    const id = `b-${Array.from(this.#random(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
    this.#ids.set(purpose, id)
    return id
  }

  used(purpose: string): void {
    this.#ids.delete(purpose)
  }
}
