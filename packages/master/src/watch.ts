import type { Clock } from '@llmload/core'

/** Longest delay that a Node timer takes; above it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface WaitLimits {
  /** On the clock of the watch; Infinity = no limit. */
  readonly untilMs: number
  readonly signal: AbortSignal
}

/** Why a wait is over. */
export type WaitEnd = 'met' | 'time' | 'aborted'

/** Lets many wait for conditions on something that says when it has changed. */
export class Watch {
  readonly #clock: Clock
  readonly #checks = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called after every change that a condition may depend on. */
  changed(): void {
    for (const check of [...this.#checks]) check()
  }

  /** Waits until `condition` holds, the time is up or the signal is aborted, whichever is first. */
  until(condition: () => boolean, { untilMs, signal }: WaitLimits): Promise<WaitEnd> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const check = (): void => {
        const end = condition() ? 'met' : signal.aborted ? 'aborted' : this.#clock.nowMs() >= untilMs ? 'time' : null
        if (end === null) return
        clearTimeout(timer)
        signal.removeEventListener('abort', check)
        this.#checks.delete(check)
        resolve(end)
      }
      // Node's timers may fire up to a millisecond early, so the clock is asked again.
      const arm = (): void => {
        if (!this.#checks.has(check) || untilMs === Number.POSITIVE_INFINITY) return
        const waitMs = Math.min(Math.max(Math.ceil(untilMs - this.#clock.nowMs()), 1), MAX_TIMER_MS)
        timer = setTimeout(() => {
          check()
          arm()
        }, waitMs)
      }
      this.#checks.add(check)
      signal.addEventListener('abort', check)
      check()
      arm()
    })
  }
}
