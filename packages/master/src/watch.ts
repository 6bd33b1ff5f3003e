import type { Clock } from '@llmload/core'

/** Longest delay that a Node timer takes; above it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Changes come by the thousand in a large fleet, and a condition may be about all of it: conditions are looked at no more often. */
const LEAST_PAUSE_MS = 5

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
  #lookedMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called after every change that a condition may depend on. Looked at at once, or after a few milliseconds. */
  changed(): void {
    if (this.#timer !== undefined || this.#checks.size === 0) return
    const waitMs = this.#lookedMs + LEAST_PAUSE_MS - this.#clock.nowMs()
    if (waitMs <= 0) this.#look()
    else this.#timer = setTimeout(() => this.#look(), waitMs)
  }

  #look(): void {
    this.#timer = undefined
    this.#lookedMs = this.#clock.nowMs()
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
