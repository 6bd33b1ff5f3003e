import { type ArrivalProcess, gapsOf } from './gap.js'
import type { RateCurve } from './rate-curve.js'
import type { Shares } from './shares.js'

export interface Arrival {
  /** Position in the run's global order. */
  readonly index: number
  /** Milliseconds after the start of the run; Infinity = none, as far as is known. */
  readonly atMs: number
}

/** A place in the global process: the next index, and the sum of the gaps before it. */
interface Place {
  readonly index: number
  readonly gaps: number
}

const NONE: Arrival = { index: Number.POSITIVE_INFINITY, atMs: Number.POSITIVE_INFINITY }

/**
 * The arrivals of one worker, endless and in order. All workers walk the same global process and each
 * takes what its share says at the instant of an arrival, so the merged process is the same for any
 * number of workers, and whatever shares they have when.
 *
 * Share and rate may change ahead of time. What was found by the old ones is then looked for again,
 * from the last arrival that was taken on.
 */
export class OwnArrivals {
  readonly #process: ArrivalProcess
  readonly #curve: RateCurve
  readonly #shares: Shares
  readonly #gapAt: (index: number) => number
  /** Behind the last arrival that was taken, or that cannot be this worker's any more. */
  #taken: Place
  #next: Arrival | null = null
  /** Behind `#next`. */
  #behindNext: Place

  /** The constant process begins with an arrival at the start: n arrivals need exactly n gaps. */
  constructor(process: ArrivalProcess, curve: RateCurve, shares: Shares, from?: Place) {
    this.#process = process
    this.#curve = curve
    this.#shares = shares
    this.#gapAt = gapsOf(process)
    this.#taken = from ?? { index: 0, gaps: process.distribution === 'constant' ? -1 : 0 }
    this.#behindNext = this.#taken
  }

  /** The next one, which stays the next until it is taken. */
  get next(): Arrival {
    this.#next ??= this.#find()
    return this.#next
  }

  take(): Arrival {
    const { next } = this
    if (next !== NONE) this.#taken = this.#behindNext
    this.#next = null
    return next
  }

  /** To be told of every change of share or rate. */
  changed(): void {
    this.#next = null
  }

  /** The indices from the next arrival on, as far as is known now; does not move this one. */
  *ahead(): Generator<number> {
    if (this.next === NONE) return
    const scout = new OwnArrivals(this.#process, this.#curve, this.#shares, this.#taken)
    for (let { index } = scout.take(); index !== NONE.index; index = scout.take().index) yield index
  }

  #find(): Arrival {
    let { index, gaps } = this.#taken
    for (;;) {
      gaps += this.#gapAt(index)
      const atMs = this.#curve.instantOf(gaps)
      if (atMs === NONE.atMs || this.#shares.endBy(atMs)) return NONE
      const behind = { index: index + 1, gaps }
      if (this.#shares.own(index, atMs)) {
        this.#behindNext = behind
        return { index, atMs }
      }
      // Shares are given ahead of time: what came before the first is not looked at again.
      if (atMs < this.#shares.fromMs) this.#taken = behind
      index++
    }
  }
}
