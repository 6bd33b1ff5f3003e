import { type Clock, type Failure, isSet, type LoadPlan, type ResponseReader, type Timeline } from '@llmload/core'
import type { Inflight } from './client.js'
import type { Cargo, Connection } from './connection.js'
import type { Connections } from './connections.js'
import { type ContentDecoder, decoderOf } from './content-decoder.js'
import type { ResponseHead } from './response-head.js'
import { type Phase, transportFailure } from './transport-failure.js'

/** How long the end of a body may take after [DONE]. Some servers send usage there; some keep the connection open. */
const DRAIN_MS = 1000

export interface ExchangeOptions {
  readonly timeline: Timeline
  readonly reader: ResponseReader
  readonly clock: Clock
  readonly connections: Connections
  readonly limits: Pick<LoadPlan, 'timeoutS' | 'progressTimeoutS'>
  /** Head and body. */
  readonly request: readonly Buffer[]
  readonly onOver: (exchange: Exchange) => void
}

/** One request and its response: hands what the connection tells to the reader, and watches its deadlines. */
export class Exchange implements Cargo, Inflight {
  readonly #options: ExchangeOptions
  readonly #reader: ResponseReader
  /** Ours until the response is complete. */
  #connection: Connection | null = null
  #phase: Phase = 'connecting'
  #decoder: ContentDecoder | null = null
  #lastByteMs = Number.NaN
  #over = false

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#reader = options.reader
  }

  /** Sends. To be called once; `onOver` is not called before it returns. */
  start(): void {
    const { timeline, clock, connections } = this.#options
    timeline.sentMs = clock.nowMs()
    this.#send(connections.reuse())
  }

  #send(idle: Connection | null): void {
    const { timeline, connections, request } = this.#options
    const connection = idle ?? connections.open()
    this.#phase = idle ? 'waiting' : 'connecting'
    this.#connection = connection
    timeline.newConnection = idle === null
    connection.carry(this, request)
  }

  connected(): void {
    this.#phase = 'waiting'
  }

  heard(atMs: number): void {
    this.#lastByteMs = atMs
  }

  head({ status, contentType, contentEncoding, location }: ResponseHead): void {
    const { reader, clock } = this.#options
    this.#phase = 'reading'
    reader.headers(status, contentType, this.#lastByteMs, location)
    if (contentEncoding === '') return
    this.#decoder = decoderOf(contentEncoding, {
      data: (chunk, atMs) => reader.data(chunk, atMs),
      end: (atMs) => this.#finish(() => reader.end(atMs)),
      error: (failure) => this.#cutOff(failure, clock.nowMs()),
    })
  }

  body(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return
    if (this.#decoder === null) this.#reader.data(bytes, this.#lastByteMs, start, end)
    else this.#decoder.write(Buffer.from(bytes.subarray(start, end)), this.#lastByteMs)
  }

  complete(atMs: number): void {
    if (this.#connection) this.#options.connections.release(this.#connection)
    this.#connection = null
    if (this.#decoder === null) this.#finish(() => this.#options.reader.end(atMs))
    else this.#decoder.end(atMs)
  }

  /** A connection that had been idle may have been closed by the server before our request was there: it is sent once more. */
  broken(error: Error, answered: boolean): void {
    const { timeline, clock, connections } = this.#options
    if (this.#connection && !timeline.newConnection && !answered) {
      connections.drop(this.#connection)
      timeline.resent = true
      this.#send(null)
    } else {
      this.#cutOff(transportFailure(error, this.#phase), clock.nowMs())
    }
  }

  cancel(): void {
    const { reader, clock } = this.#options
    this.#breakOff(() => reader.cancel(clock.nowMs()))
  }

  checkDeadlines(nowMs: number): void {
    const { reader, limits, timeline } = this.#options
    const { sentMs, doneMs } = timeline
    const { timeoutS, progressTimeoutS } = limits
    const lastSignMs = isSet(this.#lastByteMs) ? this.#lastByteMs : sentMs
    if (isSet(doneMs) && nowMs - doneMs > DRAIN_MS) {
      this.#breakOff(() => reader.end(this.#lastByteMs))
    } else if (timeoutS !== null && nowMs - sentMs > timeoutS * 1000) {
      this.#cutOff({ class: 'timeout_total', message: `no complete answer within ${timeoutS} s` }, nowMs)
    } else if (nowMs - lastSignMs > progressTimeoutS * 1000) {
      this.#cutOff(this.#stalled(progressTimeoutS), nowMs)
    }
  }

  #stalled(limitS: number): Failure {
    if (this.#phase === 'connecting') return { class: 'connect', message: `no connection within ${limitS} s` }
    return { class: 'timeout_progress', message: `no byte for ${limitS} s` }
  }

  #cutOff(failure: Failure, nowMs: number): void {
    this.#breakOff(() => this.#options.reader.fail(failure, nowMs))
  }

  /** Over before its response was complete: what is left of that makes the connection useless. */
  #breakOff(tellReader: () => void): void {
    this.#finish(() => {
      if (this.#connection) this.#options.connections.drop(this.#connection)
      this.#connection = null
      tellReader()
    })
  }

  #finish(settle: () => void): void {
    if (this.#over) return
    this.#over = true
    settle()
    this.#decoder?.destroy()
    this.#options.onOver(this)
  }
}
