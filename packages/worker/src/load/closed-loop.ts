import { type Assignment, type Clock, type Shares, uniformAt, type WorkerShare } from '@llmload/core'
import type { Loop, LoopOptions } from './loop.js'
import { WakeUp } from './wake-up.js'

/** Requests of different deals of the shares are numbered apart, so that no two have the same contents. */
const INDICES_PER_EPOCH = 2 ** 32

export interface ClosedLoopOptions extends LoopOptions {
  readonly clock: Clock
  readonly shares: Shares
  /** Start of the run, on the clock. */
  readonly startMs: number
  readonly seed: number
  /** Each user starts its requests at least so far apart; null = it sends again when it has its answer. */
  readonly periodMs: number | null
  /** Users send for the first time within so long after they start, at random; 0 = when they start. */
  readonly spreadMs: number
}

/** Every user sends again when it has its answer, or its period is over. */
export class ClosedLoop implements Loop {
  readonly #options: ClosedLoopOptions
  readonly #wakeUps = new Set<WakeUp>()
  /** Users that may not send now. */
  readonly #waiting: (() => void)[] = []
  /** Users that go instead of sending again. */
  #retiring = 0
  #stopped = false
  /** Requests of this worker in the epoch of its share. */
  #epoch = -1
  #inEpoch = 0

  constructor(options: ClosedLoopOptions) {
    this.#options = options
  }

  userStarted(user: number): void {
    if (this.#retiring > 0) {
      this.#retiring--
      return
    }
    const { seed, spreadMs, clock } = this.#options
    this.#sendAt(clock.nowMs() + uniformAt(seed, 'first-request', user) * spreadMs)
  }

  userRetires(): void {
    if (this.#waiting.pop() === undefined) this.#retiring++
  }

  resume(): void {
    for (const send of this.#waiting.splice(0)) send()
  }

  /** There is no schedule that something could be due by. */
  lapsed(): void {}

  passOver(): void {}

  changed(): void {}

  *ahead(): Generator<number> {
    const assignment = this.#assignment
    if (!assignment?.share) return
    const { epoch, share } = assignment
    for (let k = epoch === this.#epoch ? this.#inEpoch : 0; ; k++) yield indexOf(epoch, share, k)
  }

  /** There is no schedule that something could be due by. */
  unsent(): number[] {
    return []
  }

  stop(): void {
    this.#stopped = true
    for (const wakeUp of this.#wakeUps) wakeUp.cancel()
    this.#waiting.length = 0
  }

  #sendAt(instantMs: number): void {
    if (this.#stopped) return
    const wakeUp = new WakeUp(this.#options.clock, () => {
      this.#wakeUps.delete(wakeUp)
      this.#send()
    })
    this.#wakeUps.add(wakeUp)
    wakeUp.at(instantMs)
  }

  #send(): void {
    if (this.#stopped) return
    if (this.#retiring > 0) {
      this.#retiring--
      return
    }
    const { maySend, send, clock, periodMs } = this.#options
    const assignment = this.#assignment
    if (!maySend() || !assignment?.share) {
      this.#waiting.push(() => this.#send())
      return
    }
    const { epoch, share } = assignment
    if (epoch !== this.#epoch) this.#inEpoch = 0
    this.#epoch = epoch
    const sentMs = clock.nowMs()
    send({ index: indexOf(epoch, share, this.#inEpoch++), intendedMs: Number.NaN, late: false }, () => {
      if (periodMs === null || clock.nowMs() >= sentMs + periodMs) this.#send()
      else this.#sendAt(sentMs + periodMs)
    })
  }

  get #assignment(): Assignment | null {
    const { clock, shares, startMs } = this.#options
    return shares.at(clock.nowMs() - startMs)
  }
}

const indexOf = (epoch: number, share: WorkerShare, k: number): number =>
  epoch * INDICES_PER_EPOCH + share.index + k * share.count
