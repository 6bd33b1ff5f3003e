/** In memory that two threads share: the number of the last order, and what it says. */
const BYTES = 16

export const orderMemory = (): SharedArrayBuffer => new SharedArrayBuffer(BYTES)

/** One thread orders another to wait so many ms; an order takes the place of the one before it. */
export class WakeUpOrder {
  readonly #number: Int32Array
  readonly #waitMs: Float64Array
  /** The number of the last order that was carried out. */
  #done = 0

  constructor(memory: SharedArrayBuffer) {
    this.#number = new Int32Array(memory, 0, 1)
    this.#waitMs = new Float64Array(memory, 8, 1)
  }

  /** Infinity = for ever, until another order. */
  give(waitMs: number): void {
    this.#waitMs[0] = waitMs
    Atomics.add(this.#number, 0, 1)
    Atomics.notify(this.#number, 0)
  }

  /** Blocks until the last order has been carried out. The time counts from when this thread hears of it. */
  carryOut(): void {
    for (;;) {
      const current = Atomics.load(this.#number, 0)
      const waitMs = current === this.#done ? Number.POSITIVE_INFINITY : (this.#waitMs[0] ?? 0)
      if (Atomics.wait(this.#number, 0, current, waitMs) !== 'timed-out') continue
      this.#done = current
      return
    }
  }
}
