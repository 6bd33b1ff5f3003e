import { type Clock, type Failure, isSet, type LoadPlan, type ResponseReader, type Timeline } from '@llmload/core'
import type { Inflight } from './client.js'
import type { Cargo, Connection } from './connection.js'
import type { Connections } from './connections.js'
import { type ContentDecoder, decoderOf } from './content-decoder.js'
import type { ResponseHead } from './response-head.js'
import { retryAfterS } from './retry-after.js'
import { type Phase, transportFailure } from './transport-failure.js'

/** How long the end of a body may take after [DONE]. Some servers send usage there; some keep the connection open. */
const DRAIN_MS = 1000

export interface ExchangeOptions {
  readonly timeline: Timeline
  readonly reader: ResponseReader
  readonly clock: Clock
  readonly connections: Connections
  readonly limits: Pick<LoadPlan, 'timeoutS' | 'progressTimeoutS' | 'tokenTimeoutS'>
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

  head({ status, contentType, contentEncoding, location, retryAfter, date }: ResponseHead): void {
    const { reader, clock, timeline } = this.#options
    this.#phase = 'reading'
    if (retryAfter !== '') timeline.retryAfterS = retryAfterS(retryAfter, date, clock.wallMs(this.#lastByteMs))
    reader.headers(status, contentType, this.#lastByteMs, location)
    const encoding = contentEncoding.toLowerCase()
    if (encoding === '' || encoding === 'identity') return
    timeline.contentEncoding = encoding
    this.#decoder = decoderOf(encoding, {
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
    const { sentMs, doneMs, lastTokenMs } = timeline
    const { timeoutS, progressTimeoutS, tokenTimeoutS } = limits
    const since = (signMs: number): number => nowMs - (isSet(signMs) ? signMs : sentMs)
    if (isSet(doneMs) && nowMs - doneMs > DRAIN_MS) {
      this.#breakOff(() => reader.end(this.#lastByteMs))
    } else if (timeoutS !== null && nowMs - sentMs > timeoutS * 1000) {
      this.#cutOff({ class: 'timeout_total', message: `no complete answer within ${timeoutS} s` }, nowMs)
    } else if (since(this.#lastByteMs) > progressTimeoutS * 1000) {
      this.#cutOff(this.#stalled('byte', progressTimeoutS), nowMs)
    } else if (tokenTimeoutS !== null && since(lastTokenMs) > tokenTimeoutS * 1000) {
      this.#cutOff(this.#stalled('token', tokenTimeoutS), nowMs)
    }
  }

  #stalled(what: 'byte' | 'token', limitS: number): Failure {
    if (this.#phase === 'connecting') return { class: 'connect', message: `no connection within ${limitS} s` }
    return { class: 'timeout_progress', message: `no ${what} for ${limitS} s` }
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
