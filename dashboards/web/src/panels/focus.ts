/**
 * Where the keys go on when a panel comes or goes. What a key opened has the focus; when it is closed, the row from which it
 * was opened has it again. A panel that came by itself, or by a pointer, takes it from nobody.
 */
export class Focus {
  #pressed: HTMLElement | null = null // by a key, in this moment
  #from: HTMLElement | null = null
  #within = false // the panel has it, or had it last: a button that is disabled or gone loses it without a word

  /** To be told of every click: one that a key made has no count. */
  clicked(event: MouseEvent): void {
    if (event.detail !== 0 || !(event.target instanceof HTMLElement)) return
    const pressed = (this.#pressed = event.target.closest('button'))
    const again = pressed?.matches('[aria-current="true"]') // its panel is there already, and nothing will move
    setTimeout(() => {
      if (again) this.moved(true)
      this.#pressed = null
    })
  }

  /** To be told of whatever is touched or gets the focus. */
  went(event: Event): void {
    this.#within = event.target instanceof Element && event.target.closest('.side') !== null
  }

  /** Another panel is there now, or none. */
  moved(open: boolean): void {
    if (!open) {
      if (this.#within && this.#from?.isConnected) this.#from.focus()
      this.#within = false
      return
    }
    if (this.#pressed !== null && this.#pressed.closest('.side') === null) this.#from = this.#pressed
    else if (!this.#within) this.#from = null
    const side = document.querySelector<HTMLElement>('.side')
    const already = side?.contains(document.activeElement) // the form looks for its first field itself
    if ((this.#pressed !== null || this.#within) && !already) side?.focus()
  }
}
