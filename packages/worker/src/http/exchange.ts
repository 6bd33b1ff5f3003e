import type { IncomingHttpHeaders } from 'node:http'
import { type Clock, type Failure, isSet, type LoadPlan, type ResponseReader, type Timeline } from '@llmload/core'
import type { Dispatcher } from 'undici'
import type { Inflight } from './client.js'
import type { Connection, Connections } from './connections.js'
import { type ContentDecoder, decoderOf } from './content-decoder.js'
import { type Phase, transportFailure } from './transport-failure.js'

/** How long the end of a body may take after [DONE]. Some servers send usage there; some keep the connection open. */
const DRAIN_MS = 1000

export interface ExchangeOptions {
  readonly timeline: Timeline
  readonly reader: ResponseReader
  readonly clock: Clock
  readonly connections: Connections
  readonly limits: Pick<LoadPlan, 'timeoutS' | 'progressTimeoutS'>
  readonly onDone: () => void
}

/** One request and its response: hands what undici says to the reader, and watches its deadlines. */
export class Exchange implements Dispatcher.DispatchHandler, Inflight {
  readonly #options: ExchangeOptions
  /** Ours until the response is complete. */
  #connection: Connection | null = null
  #phase: Phase = 'connecting'
  #decoder: ContentDecoder | null = null
  #lastByteMs = Number.NaN
  #dispatched = false
  #over = false

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /** Sends, once. `onDone` is not called before this returns. */
  start(request: Dispatcher.DispatchOptions): void {
    const { timeline, clock, connections } = this.#options
    this.#connection = connections.acquire()
    timeline.sentMs = clock.nowMs()
    this.#connection.dispatch(request, this)
    this.#dispatched = true
  }

  onRequestStart(): void {
    this.#phase = 'waiting'
    this.#options.timeline.newConnection = this.#connection?.use() ?? false
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return
    const { reader, clock, connections } = this.#options
    this.#phase = 'reading'
    this.#lastByteMs = connections.readMs
    reader.headers(status, headers['content-type'] ?? '', connections.readMs, headers.location)
    this.#decoder = decoderOf(headers['content-encoding'] ?? '', {
      data: (chunk, atMs) => reader.data(chunk, atMs),
      end: (atMs) => this.#finish(() => reader.end(atMs)),
      error: (failure) => this.#cutOff(failure, clock.nowMs()),
    })
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    const { reader, connections } = this.#options
    this.#lastByteMs = connections.readMs
    if (this.#decoder === null) reader.data(chunk, connections.readMs)
    else this.#decoder.write(chunk, connections.readMs)
  }

  onResponseEnd(): void {
    if (this.#over) return
    const { reader, connections } = this.#options
    this.#releaseConnection()
    if (this.#decoder === null) this.#finish(() => reader.end(connections.readMs))
    else this.#decoder.end(connections.readMs)
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#cutOff(transportFailure(error, this.#phase), this.#options.clock.nowMs())
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

  /** Over before its response was complete. */
  #breakOff(tellReader: () => void): void {
    this.#finish(() => {
      this.#dropConnection()
      tellReader()
    })
  }

  #finish(settle: () => void): void {
    if (this.#over) return
    this.#over = true
    settle()
    this.#decoder?.destroy()
    if (this.#dispatched) this.#options.onDone()
    else queueMicrotask(this.#options.onDone)
  }

  /** Before `onDone`, which may send the next request. */
  #releaseConnection(): void {
    if (this.#connection) this.#options.connections.release(this.#connection)
    this.#connection = null
  }

  /** A connection whose response is not read to its end is of no use. */
  #dropConnection(): void {
    if (this.#connection) this.#options.connections.drop(this.#connection)
    this.#connection = null
  }
}
