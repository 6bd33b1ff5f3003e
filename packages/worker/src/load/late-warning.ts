import type { Clock } from '@llmload/core'

const AT_MOST_EVERY_MS = 1000

/** Says at most once a second that the users do not suffice for the rate asked for. */
export class LateWarning {
  readonly #clock: Clock
  readonly #warn: (message: string) => void
  #saidMs = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(clock: Clock, warn: (message: string) => void) {
    this.#clock = clock
    this.#warn = warn
  }

  /** One arrival was sent `delayMs` late because no user was free. */
  late(delayMs: number): void {
    this.#count++
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#saidMs < AT_MOST_EVERY_MS) return
    this.#warn(
      `not enough users to keep up with --qps: too few users or an overloaded server; ` +
        `${this.#count} late since the last warning, delay now ${(delayMs / 1000).toFixed(3)} s`,
    )
    this.#saidMs = nowMs
    this.#count = 0
  }
}
