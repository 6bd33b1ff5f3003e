import type { Clock, OwnArrivals } from '@llmload/core'
import type { Loop, LoopOptions } from './loop.js'
import { PreciseWakeUp } from './precise-wake-up.js'

/** Below this an arrival is on time: the grain of timers, not a lack of users. */
const LATE_AFTER_MS = 2

/**
 * Longest time of sending in one turn of the event loop. A connection is made, and an answer read, between
 * turns: a thousand requests sent at a stroke would have the time of all that in their time to first
 * token, where it does not belong. So they are sent a few at a time, and are late, which is recorded as such.
 */
const SENDING_MS_PER_TURN = 0.25

export interface OpenLoopOptions extends LoopOptions {
  readonly clock: Clock
  readonly arrivals: OwnArrivals
  /** Start of the run, on the clock. */
  readonly startMs: number
  /** An arrival was due while this worker was not allowed to load. */
  readonly missed: (intendedMs: number) => void
}

/**
 * Arrivals by the schedule, as long as a user is free to take them. An arrival that finds none
 * waits for the next one: arrivals are in order, so the queue is the schedule itself.
 */
export class OpenLoop implements Loop {
  readonly #options: OpenLoopOptions
  readonly #wakeUp: PreciseWakeUp
  /** Users without a request; below zero, so many of the busy ones retire as soon as they are free. */
  #free = 0
  /** When the first request of this turn of the event loop was sent; null if none was. */
  #turnMs: number | null = null
  /** More was due than this turn had time for. */
  #isHeldBack = false
  /** Times in which this worker was not allowed to load, as far as arrivals of them may be left. */
  #lapses: { readonly fromMs: number; readonly untilMs: number }[] = []
  readonly #userFree = (): void => {
    this.#free++
    this.#takeDue(this.#free === 1)
  }

  constructor(options: OpenLoopOptions) {
    this.#options = options
    this.#wakeUp = new PreciseWakeUp(options.clock, () => this.#takeDue(false))
  }

  /** A new user: what is due until now did not lack it, for it was not to be there yet. */
  userStarted(): void {
    this.#free++
    this.#takeDue(false)
  }

  userRetires(): void {
    this.#free--
    this.#takeDue(false)
  }

  resume(): void {
    this.#takeDue(false)
  }

  lapsed(fromMs: number, untilMs: number): void {
    this.#lapses.push({ fromMs, untilMs })
  }

  passOver(untilMs: number): void {
    while (this.#intendedMs <= untilMs) this.#options.arrivals.take()
  }

  changed(): void {
    this.#options.arrivals.changed()
    this.#takeDue(false)
  }

  ahead(): Iterator<number> {
    return this.#options.arrivals.ahead()
  }

  *unsent(untilMs: number): Generator<number> {
    for (; this.#intendedMs < untilMs; this.#options.arrivals.take()) yield this.#intendedMs
  }

  stop(): void {
    this.#wakeUp.close()
    this.#free = Number.NEGATIVE_INFINITY
  }

  get #intendedMs(): number {
    return this.#options.startMs + this.#options.arrivals.next.atMs
  }

  #takeDue(hadNoFreeUser: boolean): void {
    const { clock, arrivals, missed } = this.#options
    const nowMs = clock.nowMs()
    while (this.#free > 0 && this.#intendedMs <= nowMs) {
      const intendedMs = this.#intendedMs
      const admitted = this.#admit(intendedMs)
      if (admitted === 'wait') return this.#wakeUp.cancel()
      if (admitted === 'send' && this.#isTurnFull) {
        this.#isHeldBack = true
        return
      }
      const { index } = arrivals.take()
      if (admitted === 'miss') missed(intendedMs)
      if (admitted === 'send') this.#send(index, intendedMs, hadNoFreeUser && nowMs - intendedMs > LATE_AFTER_MS)
    }
    if (this.#free > 0) this.#wakeUp.at(this.#intendedMs)
    else this.#wakeUp.cancel()
  }

  #send(index: number, intendedMs: number, late: boolean): void {
    if (this.#turnMs === null) {
      this.#turnMs = this.#options.clock.nowMs()
      setImmediate(() => this.#nextTurn())
    }
    this.#free--
    this.#options.send({ index, intendedMs, late }, this.#userFree)
  }

  #admit(intendedMs: number): 'send' | 'wait' | 'miss' {
    if (this.#lapses.length > 0) this.#lapses = this.#lapses.filter(({ untilMs }) => untilMs > intendedMs)
    const wasLapsed = this.#lapses.some(({ fromMs }) => fromMs <= intendedMs)
    if (wasLapsed) return 'miss'
    return this.#options.maySend() ? 'send' : 'wait'
  }

  get #isTurnFull(): boolean {
    return this.#turnMs !== null && this.#options.clock.nowMs() - this.#turnMs > SENDING_MS_PER_TURN
  }

  #nextTurn(): void {
    const wasHeldBack = this.#isHeldBack
    this.#turnMs = null
    this.#isHeldBack = false
    if (wasHeldBack) this.#takeDue(false)
  }
}
