/** Telling a crew that its emergency was seen. That it was is what the live feed says; this only asks, and tells of refusals. */
export class Acknowledgements {
  busy = $state.raw<string | null>(null) // the unit
  failure = $state.raw<{ unit: string; why: string } | null>(null)

  #tell: (unit: string) => Promise<void>

  constructor(tell: (unit: string) => Promise<void>) {
    this.#tell = tell
  }

  async give(unit: string): Promise<void> {
    if (this.busy !== null) return
    this.busy = unit
    this.failure = null
    try {
      await this.#tell(unit)
    } catch (error) {
      this.failure = { unit, why: error instanceof Error ? error.message : String(error) }
    } finally {
      this.busy = null
    }
  }
}
