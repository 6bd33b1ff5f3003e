import type { Clock } from '@llmload/core'

/** Node clamps longer timers to 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Calls `due` at an instant of the clock, never before it: Node's timers may fire up to 1 ms
 * early, so the clock is asked again. One instant at a time; a new one replaces the last.
 */
export class WakeUp {
  readonly #clock: Clock
  readonly #due: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(clock: Clock, due: () => void) {
    this.#clock = clock
    this.#due = due
  }

  at(instantMs: number): void {
    clearTimeout(this.#timer)
    if (instantMs === Number.POSITIVE_INFINITY) return
    const waitMs = instantMs - this.#clock.nowMs()
    this.#timer = setTimeout(
      () => (this.#clock.nowMs() >= instantMs ? this.#due() : this.at(instantMs)),
      Math.min(Math.max(waitMs, 0), LONGEST_TIMER_MS),
    )
  }

  cancel(): void {
    clearTimeout(this.#timer)
  }
}
