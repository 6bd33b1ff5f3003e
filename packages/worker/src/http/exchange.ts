import type { IncomingHttpHeaders } from 'node:http'
import { type Clock, type Failure, isSet, type LoadPlan, type ResponseReader, type Timeline } from '@llmload/core'
import type { Dispatcher } from 'undici'
import type { Inflight } from './client.js'
import { type ContentDecoder, decoderOf } from './content-decoder.js'
import { type Phase, transportFailure } from './transport-failure.js'

/** How long the end of a body may take after [DONE]. Some servers send usage there; some keep the connection open. */
const DRAIN_MS = 1000

export interface ExchangeOptions {
  readonly timeline: Timeline
  readonly reader: ResponseReader
  readonly clock: Clock
  /** Knows when the bytes at hand were read. */
  readonly sockets: { readonly readMs: number }
  readonly limits: Pick<LoadPlan, 'timeoutS' | 'progressTimeoutS'>
  readonly onDone: () => void
}

/** One request and its response: hands what undici says to the reader, and watches its deadlines. */
export class Exchange implements Dispatcher.DispatchHandler, Inflight {
  readonly #options: ExchangeOptions
  #controller: Dispatcher.DispatchController | null = null
  #phase: Phase = 'connecting'
  #decoder: ContentDecoder | null = null
  #lastByteMs = Number.NaN
  #dispatched = false
  #over = false

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /** The request is in undici's hands; from now on `onDone` may be called from anywhere. */
  dispatched(): void {
    this.#dispatched = true
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#phase = 'waiting'
    // Cut off while it was connecting, when undici could not be told.
    if (this.#over) this.#abort()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#over || status < 200) return
    const { reader, clock, sockets } = this.#options
    this.#phase = 'reading'
    this.#lastByteMs = sockets.readMs
    reader.headers(status, headers['content-type'] ?? '', sockets.readMs, headers.location)
    this.#decoder = decoderOf(headers['content-encoding'] ?? '', {
      data: (chunk, atMs) => reader.data(chunk, atMs),
      end: (atMs) => this.#finish(() => reader.end(atMs)),
      error: (failure) => this.#cutOff(failure, clock.nowMs()),
    })
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    const { reader, sockets } = this.#options
    this.#lastByteMs = sockets.readMs
    if (this.#decoder === null) reader.data(chunk, sockets.readMs)
    else this.#decoder.write(chunk, sockets.readMs)
  }

  onResponseEnd(): void {
    if (this.#over) return
    const { reader, sockets } = this.#options
    if (this.#decoder === null) this.#finish(() => reader.end(sockets.readMs))
    else this.#decoder.end(sockets.readMs)
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(transportFailure(error, this.#phase), this.#options.clock.nowMs())
  }

  cancel(): void {
    const { reader, clock } = this.#options
    this.#finish(() => reader.cancel(clock.nowMs()))
    this.#abort()
  }

  checkDeadlines(nowMs: number): void {
    const { reader, limits, timeline } = this.#options
    const { sentMs, doneMs } = timeline
    const { timeoutS, progressTimeoutS } = limits
    const lastSignMs = isSet(this.#lastByteMs) ? this.#lastByteMs : sentMs
    if (isSet(doneMs) && nowMs - doneMs > DRAIN_MS) {
      this.#finish(() => reader.end(this.#lastByteMs))
      this.#abort()
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
    this.#fail(failure, nowMs)
    this.#abort()
  }

  #fail(failure: Failure, nowMs: number): void {
    this.#finish(() => this.#options.reader.fail(failure, nowMs))
  }

  #finish(tellReader: () => void): void {
    if (this.#over) return
    this.#over = true
    tellReader()
    this.#decoder?.destroy()
    if (this.#dispatched) this.#options.onDone()
    else queueMicrotask(this.#options.onDone)
  }

  /** Closes the socket: a response that is not read to its end leaves it of no use. */
  #abort(): void {
    this.#controller?.abort(new Error('cut off'))
  }
}
