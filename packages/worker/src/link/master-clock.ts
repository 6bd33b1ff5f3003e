import type { Clock, ClockReading } from '@llmload/core'

/** Enough for the fastest round trip to be one without a delay of either event loop. */
const PINGS = 8
/** An answer that takes longer is not waited for: its bound would be worth nothing. */
const PATIENCE_MS = 1000
/** In this time two clocks drift apart by a millisecond at most. */
const AGAIN_EVERY_MS = 15_000

/**
 * Master clock minus worker clock, measured again and again. Of each round the ping with the smallest
 * round trip counts: its answer was stamped somewhere within it, so the error is at most half of it.
 */
export class MasterClock {
  readonly #clock: Clock
  readonly #ping: (workerMs: number) => void
  #reading: ClockReading = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY }
  #best: ClockReading = this.#reading
  #left = 0
  #sentMs = Number.NaN
  #patience: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #onMeasured: () => void = () => {}

  /** @param ping sends one to the master, or does nothing where there is no connection. */
  constructor(clock: Clock, ping: (workerMs: number) => void) {
    this.#clock = clock
    this.#ping = ping
  }

  /** The last one. */
  get reading(): ClockReading {
    return this.#reading
  }

  get offsetMs(): number {
    return this.#reading.offsetMs
  }

  /** Resolves when a new round of pings is over. */
  measure(): Promise<void> {
    return new Promise((resolve) => {
      this.#onMeasured = resolve
      this.#best = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY }
      this.#left = PINGS
      this.#next()
    })
  }

  /** Measures again every now and then from now on, and tells of each reading. */
  keepMeasuring(onReading: (reading: ClockReading) => void): void {
    this.#again = setInterval(() => void this.measure().then(() => onReading(this.#reading)), AGAIN_EVERY_MS)
  }

  /** The answer to the ping that was sent at `workerMs`. */
  pong(workerMs: number, masterMs: number): void {
    if (workerMs !== this.#sentMs) return
    const receivedMs = this.#clock.nowMs()
    const errorMs = (receivedMs - workerMs) / 2
    if (errorMs < this.#best.errorMs) this.#best = { offsetMs: masterMs - (workerMs + receivedMs) / 2, errorMs }
    this.#left--
    this.#next()
  }

  close(): void {
    clearTimeout(this.#patience)
    clearInterval(this.#again)
  }

  #next(): void {
    clearTimeout(this.#patience)
    if (this.#left === 0) {
      this.#sentMs = Number.NaN
      this.#reading = this.#best
      return this.#onMeasured()
    }
    this.#patience = setTimeout(() => this.#next(), PATIENCE_MS)
    this.#sentMs = this.#clock.nowMs()
    this.#ping(this.#sentMs)
  }
}
