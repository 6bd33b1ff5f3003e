import type { Clock } from '@llmload/core'

interface AllowanceLimits {
  readonly perSecond: number
  /** What may be taken at once after a rest. */
  readonly burst: number
}

/** How much of something may be taken, on average and at once: a bucket that fills at a steady rate. */
export class Allowance {
  readonly #limits: AllowanceLimits
  readonly #clock: Clock
  #left: number
  #atMs: number

  constructor(limits: AllowanceLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#left = limits.burst
    this.#atMs = clock.nowMs()
  }

  /** Takes an amount, even if it is more than there is; returns the milliseconds until it is paid for. */
  take(amount: number): number {
    const nowMs = this.#clock.nowMs()
    const { perSecond, burst } = this.#limits
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#atMs) / 1000) * perSecond) - amount
    this.#atMs = nowMs
    return Math.max(0, (-this.#left / perSecond) * 1000)
  }
}
