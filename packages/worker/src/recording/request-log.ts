import { MAX_REQUESTS_PER_MESSAGE, type RequestBatch, type RequestOutcome } from '@llmload/core'

/** Requests that may wait for the connection to the master, some 700 bytes each. */
const MAX_WAITING = 50_000

export interface RequestLogOptions {
  /** Sends a message to the master. */
  readonly send: (batch: RequestBatch) => void
  /** Whether the connection takes more now. */
  readonly isFree: () => boolean
}

type Waiting = Omit<RequestBatch, 'seq' | 'type' | 'requests'> & { readonly requests: RequestOutcome[] }

/**
 * This worker's part of the request log. Requests go to the master in batches; while the connection
 * is full they wait, and what there is no room for is left out and counted.
 */
export class RequestLog {
  readonly #options: RequestLogOptions
  readonly #full: Waiting[] = []
  #requests: RequestOutcome[] = []
  #dropped = 0
  #waiting = 0
  /** Number of the next delta, which counts what is added now. */
  #delta = 1
  #seq = 0

  constructor(options: RequestLogOptions) {
    this.#options = options
  }

  add(outcome: RequestOutcome): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#dropped++
      return
    }
    this.#waiting++
    if (this.#requests.push(outcome) < MAX_REQUESTS_PER_MESSAGE) return
    this.#close()
    this.#sendSome(this.#options.isFree)
  }

  /** Delta `delta` is about to be sent: so is what it counts, as far as there is room. */
  flush(delta: number): void {
    this.#close()
    this.#delta = delta + 1
    this.#sendSome(this.#options.isFree)
  }

  /** The last delta is about to be sent: nothing is held back. */
  finish(): void {
    this.#close()
    this.#sendSome(() => true)
  }

  #close(): void {
    if (this.#requests.length === 0 && this.#dropped === 0) return
    this.#full.push({ delta: this.#delta, requests: this.#requests, dropped: this.#dropped })
    this.#requests = []
    this.#dropped = 0
  }

  #sendSome(isFree: () => boolean): void {
    while (this.#full.length > 0 && isFree()) {
      const batch = this.#full.shift()
      if (batch === undefined) return
      this.#waiting -= batch.requests.length
      this.#options.send({ type: 'requests', seq: ++this.#seq, ...batch })
    }
  }
}
