import { Worker } from 'node:worker_threads'
import type { Clock } from '@llmload/core'
import { WakeUp } from './wake-up.js'
import { orderMemory, WakeUpOrder } from './wake-up-order.js'

/** The built file, also when this one is run from its source: Node 20 takes no TypeScript. */
const THREAD_FILE = new URL('../../dist/load/wake-up-thread.js', import.meta.url)

/**
 * A WakeUp that is late by a tenth of a millisecond where a timer is by half of one to two: a thread
 * waits for the instant and wakes the loop. The timer is kept behind it, so that nothing but precision
 * depends on the thread: while it starts, and should it fail.
 */
export class PreciseWakeUp {
  readonly #clock: Clock
  readonly #timer: WakeUp
  readonly #thread: Worker
  readonly #order: WakeUpOrder
  #instantMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, due: () => void) {
    const memory = orderMemory()
    this.#clock = clock
    this.#order = new WakeUpOrder(memory)
    this.#timer = new WakeUp(clock, due)
    this.#thread = new Worker(THREAD_FILE, { workerData: memory })
      .on('message', () => {
        if (clock.nowMs() >= this.#instantMs) due()
      })
      .on('error', () => {})
    this.#thread.unref()
  }

  /** One instant at a time; a new one replaces the last. */
  at(instantMs: number): void {
    this.#instantMs = instantMs
    this.#timer.at(instantMs)
    this.#order.give(Math.max(0, instantMs - this.#clock.nowMs()))
  }

  cancel(): void {
    this.#instantMs = Number.POSITIVE_INFINITY
    this.#timer.cancel()
    this.#order.give(Number.POSITIVE_INFINITY)
  }

  /** Ends the thread; nothing is due any more. */
  close(): void {
    this.cancel()
    void this.#thread.terminate()
  }
}
