import { type Clock, LEASE_MS } from '@llmload/core'

/**
 * Until when this worker may load: a while after the master said what time it is, so that a worker
 * which the master has lost sight of stops by itself before its share is given to others. What counts is
 * when the master said it, not when it was read: a heartbeat that waited while this process was
 * stopped renews nothing.
 */
export class Lease {
  readonly #clock: Clock
  readonly #offsetMs: () => number
  readonly #onRenewed: (ranOutMs: number) => void
  #masterMs = Number.NEGATIVE_INFINITY

  /** @param offsetMs master clock minus worker clock; @param onRenewed told when the lease had run out, on this worker's clock, once it holds again. */
  constructor(clock: Clock, offsetMs: () => number, onRenewed: (ranOutMs: number) => void) {
    this.#clock = clock
    this.#offsetMs = offsetMs
    this.#onRenewed = onRenewed
  }

  /** On this worker's clock. */
  get untilMs(): number {
    return this.#masterMs - this.#offsetMs() + LEASE_MS
  }

  get #holds(): boolean {
    return this.#clock.nowMs() < this.untilMs
  }

  /** The master has said its time. */
  renew(masterMs: number): void {
    const held = this.#holds
    const ranOutMs = this.untilMs
    this.#masterMs = Math.max(this.#masterMs, masterMs)
    if (!held && this.#holds) this.#onRenewed(ranOutMs)
  }
}
