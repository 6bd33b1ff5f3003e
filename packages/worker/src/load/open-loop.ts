import { type Arrival, type ArrivalProcess, arrivals, type Clock, type Stripe } from '@llmload/core'
import { PreciseWakeUp } from './precise-wake-up.js'

/** Below this an arrival is on time: the grain of timers, not a lack of users. */
const LATE_AFTER_MS = 2

/**
 * Most requests sent in one turn of the event loop. A connection is made, and an answer read, between
 * turns: a thousand requests sent at a stroke would have the time of all that in their time to first
 * token, where it does not belong. So they are sent a few at a time, and are late, which is recorded as such.
 */
const MOST_PER_TURN = 16

export interface OpenLoopOptions {
  readonly clock: Clock
  readonly process: ArrivalProcess
  readonly stripe: Stripe
  readonly startMs: number
  /** Sends the request of an arrival; `late` = it had to wait for a free user. */
  readonly send: (intendedMs: number, late: boolean) => void
}

/**
 * Arrivals by the schedule, as long as a user is free to take them. An arrival that finds none
 * waits for the next one: arrivals are in order, so the queue is the schedule itself.
 */
export class OpenLoop {
  readonly #options: OpenLoopOptions
  readonly #schedule: Generator<Arrival, never>
  readonly #wakeUp: PreciseWakeUp
  #next: Arrival
  #free = 0
  #sentInTurn = 0

  constructor(options: OpenLoopOptions) {
    this.#options = options
    this.#schedule = arrivals(options.process, options.stripe)
    this.#next = this.#schedule.next().value
    this.#wakeUp = new PreciseWakeUp(options.clock, () => this.#takeDue(false))
  }

  /** A new user: what is due until now did not lack it, for it was not to be there yet. */
  userStarted(): void {
    this.#free++
    this.#takeDue(false)
  }

  /** The request of a user is over. */
  userFree(): void {
    this.#free++
    this.#takeDue(this.#free === 1)
  }

  stop(): void {
    this.#wakeUp.close()
    this.#free = Number.NEGATIVE_INFINITY
  }

  /** When the arrivals were due, in [fromMs, untilMs), that are not sent yet. */
  takeUnsent(fromMs: number, untilMs: number): number[] {
    const unsent: number[] = []
    for (; this.#intendedMs < untilMs; this.#next = this.#schedule.next().value) {
      if (this.#intendedMs >= fromMs) unsent.push(this.#intendedMs)
    }
    return unsent
  }

  get #intendedMs(): number {
    return this.#options.startMs + this.#next.atMs
  }

  #takeDue(hadNoFreeUser: boolean): void {
    const nowMs = this.#options.clock.nowMs()
    while (this.#free > 0 && this.#intendedMs <= nowMs) {
      if (this.#sentInTurn === MOST_PER_TURN) return
      if (this.#sentInTurn++ === 0) setImmediate(() => this.#nextTurn())
      const intendedMs = this.#intendedMs
      this.#next = this.#schedule.next().value
      this.#free--
      this.#options.send(intendedMs, hadNoFreeUser && nowMs - intendedMs > LATE_AFTER_MS)
    }
    if (this.#free > 0) this.#wakeUp.at(this.#intendedMs)
    else this.#wakeUp.cancel()
  }

  #nextTurn(): void {
    const wasFull = this.#sentInTurn === MOST_PER_TURN
    this.#sentInTurn = 0
    if (wasFull) this.#takeDue(false)
  }
}
