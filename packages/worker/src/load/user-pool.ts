import { type Clock, countOf, type Shares, type UserCurve } from '@llmload/core'
import { WakeUp } from './wake-up.js'

export interface UserPoolOptions {
  readonly clock: Clock
  /** Start of the run, on the clock. */
  readonly startMs: number
  readonly curve: UserCurve
  readonly shares: Shares
  /** Another user of this worker starts; `user` is its number among all of the run. */
  readonly started: (user: number) => void
  /** One user fewer. */
  readonly retired: () => void
  /** A share begins to hold, before its users start. */
  readonly reshared: () => void
}

/** Keeps as many users as fall to this worker's share of those that the run shall have. */
export class UserPool {
  readonly #options: UserPoolOptions
  readonly #wakeUp: WakeUp
  #count = 0
  #epoch = -1

  constructor(options: UserPoolOptions) {
    this.#options = options
    this.#wakeUp = new WakeUp(options.clock, () => this.look())
  }

  get count(): number {
    return this.#count
  }

  /**
   * Starts and retires who is due, now and then whenever that changes; nobody before the start of the run. To be
   * told when curve or shares are others.
   */
  look(): void {
    const { clock, startMs, curve, shares, started, retired, reshared } = this.#options
    const ms = clock.nowMs() - startMs
    if (ms < 0) return this.#wakeUp.at(startMs)
    const { epoch = -1, share = null } = shares.at(ms) ?? {}
    if (epoch !== this.#epoch) reshared()
    this.#epoch = epoch
    const wanted = countOf(share, curve.at(ms))
    for (; this.#count > wanted; this.#count--) retired()
    while (share && this.#count < wanted) started(share.index + this.#count++ * share.count)
    this.#wakeUp.at(startMs + Math.min(curve.nextChangeMs(ms), shares.nextChangeMs(ms)))
  }

  stop(): void {
    this.#wakeUp.cancel()
  }
}
