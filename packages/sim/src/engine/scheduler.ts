import { type Clock, Histogram } from '@llmload/core'
import { DueHeap, type Task } from './due-heap.js'

/** A timer of Node counts whole milliseconds and wakes up to one late; what is nearer is waited for in naps. */
const TIMER_REACH_MS = 2
/** Timers of Node overflow after 24 days; waking up for nothing once an hour costs less than a limit on due times. */
const MAX_TIMER_MS = 3_600_000
/** Long enough to save the CPU, short enough that a request which arrives meanwhile is not kept waiting. */
const NAP_MS = 0.1
/** A nap ends some 60 µs late (the timer slack of Linux); the rest is spent asking the clock. */
const NAP_END_MS = 0.08

/**
 * Runs tasks at their instants: never early, and late by microseconds where the machine lets it. One
 * scheduler serves all streams. Waiting goes from coarse to fine: a timer, then naps of 0.1 ms with a
 * look at the sockets after each, then the look alone.
 *
 * Asking the clock all the way would be as exact and take a whole core, which the tester on the same
 * machine needs: measured with 20 streams of 100 tokens/s, naps take 17 % of a core and that 99 %.
 */
export class Scheduler {
  readonly #clock: Clock
  readonly #heap = new DueHeap()
  readonly #latenessUs = new Histogram()
  readonly #napCell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #timer: NodeJS.Timeout | null = null
  #timerDueMs = Number.POSITIVE_INFINITY
  #immediate: NodeJS.Immediate | null = null
  #running = false
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How late tasks ran, in microseconds. */
  get latenessUs(): Histogram {
    return this.#latenessUs
  }

  add(task: Task): void {
    if (this.#closed) return
    this.#heap.add(task)
    if (!this.#running && task === this.#heap.first) this.#arm(false)
  }

  /** Forgets all tasks and takes no more. */
  close(): void {
    this.#closed = true
    this.#heap.clear()
    this.#disarm()
  }

  /** Tasks that fall due during the pass wait for the next one, so that sockets are read under any load. */
  #pass(): void {
    this.#disarm()
    this.#running = true
    const passMs = this.#clock.nowMs()
    while (this.#heap.first !== undefined && this.#heap.first.dueMs <= passMs) {
      const task = this.#heap.take()
      if (task === undefined) break
      this.#latenessUs.record((this.#clock.nowMs() - task.dueMs) * 1000)
      task.run()
    }
    this.#running = false
    if (!this.#closed) this.#arm(true)
  }

  /** Only between passes there is time for a nap: who adds a task has more to do. */
  #arm(mayNap: boolean): void {
    const first = this.#heap.first
    if (first === undefined || this.#immediate !== null) return
    const leftMs = first.dueMs - this.#clock.nowMs()
    if (leftMs > TIMER_REACH_MS) {
      this.#armTimer(first.dueMs, leftMs)
      return
    }
    if (mayNap && leftMs > NAP_END_MS) Atomics.wait(this.#napCell, 0, 0, Math.min(leftMs - NAP_END_MS, NAP_MS))
    this.#immediate = setImmediate(() => this.#pass())
  }

  #armTimer(dueMs: number, leftMs: number): void {
    if (this.#timerDueMs <= dueMs) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timerDueMs = dueMs
    this.#timer = setTimeout(() => this.#pass(), Math.min(leftMs - 1, MAX_TIMER_MS))
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#immediate) clearImmediate(this.#immediate)
    this.#timer = null
    this.#timerDueMs = Number.POSITIVE_INFINITY
    this.#immediate = null
  }
}
