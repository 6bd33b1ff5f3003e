/** A request that takes seats in the batch. */
export interface Seat {
  /** Sequences that it generates at once. */
  readonly sequences: number
  /** From when on it may run: when it was received. */
  readonly receivedMs: number
  /** It runs from this instant on, which may have passed already. */
  start(startMs: number): void
}

/**
 * The sequences that an engine generates at once, and the queue before them: first come, first
 * served, at most `maxSequences` at a time (vLLM's --max-num-seqs). A request with more sequences
 * than that runs alone. Instants are those of the schedule, not those at which work was done, so a
 * server that is late does not serve fewer requests.
 */
export class Batch {
  /** Sequences that run now. */
  sequences = 0
  readonly #maxSequences: number
  readonly #waiting = new Set<Seat>()
  readonly #running = new Set<Seat>()

  constructor(maxSequences: number) {
    this.#maxSequences = maxSequences
  }

  /** Sequences that wait. */
  get waiting(): number {
    let sequences = 0
    for (const seat of this.#waiting) sequences += this.#seatsOf(seat)
    return sequences
  }

  /** Starts a request, now or when there is room for it. */
  join(seat: Seat): void {
    this.#waiting.add(seat)
    this.#fill(seat.receivedMs)
  }

  /** A request is over, or its client has left. Its seats are free from `atMs` on. */
  leave(seat: Seat, atMs: number): void {
    this.#waiting.delete(seat)
    if (this.#running.delete(seat)) this.sequences -= this.#seatsOf(seat)
    this.#fill(atMs)
  }

  #fill(atMs: number): void {
    for (const seat of this.#waiting) {
      const seats = this.#seatsOf(seat)
      if (this.sequences + seats > this.#maxSequences) return
      this.#waiting.delete(seat)
      this.#running.add(seat)
      this.sequences += seats
      seat.start(Math.max(atMs, seat.receivedMs))
    }
  }

  #seatsOf({ sequences }: Seat): number {
    return Math.min(sequences, this.#maxSequences)
  }
}
