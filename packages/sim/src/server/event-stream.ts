import type { Clock } from '@llmload/core'
import type { Scheduler } from '../engine/scheduler.js'
import type { Exchange } from './exchange.js'

/** How the events of a stream are put on the wire. */
export interface FramingOptions {
  /** Lines end in CR LF. */
  readonly crlf: boolean
  /** Headers go out with the first event, instead of at once. */
  readonly lateHeaders: boolean
  /** Milliseconds between comments; 0 = none. */
  readonly pingMs: number
  /** A character of several bytes comes in two reads. */
  readonly splitUtf8: boolean
}

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' }

/** Until the second half of a split character follows: long enough for the client to read the first. */
const SPLIT_MS = 1

/** Every byte of a UTF-8 sequence but the first is below this, as is ASCII. */
const FIRST_BYTE_OF_SEQUENCE = 0xc0

/** Server-sent events on an exchange. */
export class EventStream {
  readonly #exchange: Exchange
  readonly #scheduler: Scheduler
  readonly #clock: Clock
  readonly #options: FramingOptions
  readonly #endOfLine: string
  #rest: { bytes: Uint8Array; tokens: number } | null = null

  constructor(exchange: Exchange, scheduler: Scheduler, clock: Clock, options: FramingOptions) {
    this.#exchange = exchange
    this.#scheduler = scheduler
    this.#clock = clock
    this.#options = options
    this.#endOfLine = options.crlf ? '\r\n' : '\n'
  }

  open(): void {
    if (this.#options.lateHeaders) this.#exchange.holdHeaders(200, HEADERS)
    else this.#exchange.sendHeaders(200, HEADERS)
    if (this.#options.pingMs > 0) this.#startPings(this.#options.pingMs)
  }

  /** An event for each text, as it stands on the wire. */
  frame(texts: readonly string[]): string {
    return texts.map((text) => `data: ${text}${this.#endOfLine}${this.#endOfLine}`).join('')
  }

  /** Sends framed events in one write; `tokens` is what they carry together. */
  send(events: string, tokens: number): void {
    this.#sendRest()
    const bytes = this.#options.splitUtf8 ? Buffer.from(events) : null
    const cutAt = bytes?.findIndex((byte) => byte >= FIRST_BYTE_OF_SEQUENCE) ?? -1
    if (bytes === null || cutAt < 0) {
      this.#exchange.send(events, tokens)
      return
    }
    this.#exchange.send(bytes.subarray(0, cutAt + 1), 0)
    this.#rest = { bytes: bytes.subarray(cutAt + 1), tokens }
    this.#scheduler.add({ dueMs: this.#clock.nowMs() + SPLIT_MS, run: () => this.#sendRest() })
  }

  /** Sends the last events and ends the answer. */
  end(texts: readonly string[], ending: 'finished' | 'injected'): void {
    this.#sendRest()
    this.#exchange.finish(this.frame(texts), ending)
  }

  #sendRest(): void {
    if (this.#rest === null || this.#exchange.ending !== null) return
    const { bytes, tokens } = this.#rest
    this.#rest = null
    this.#exchange.send(bytes, tokens)
  }

  #startPings(everyMs: number): void {
    const ping = {
      dueMs: this.#exchange.receivedMs + everyMs,
      run: () => {
        if (this.#exchange.ending !== null) return
        // Not into the middle of an event: the half that was sent must be completed first.
        this.#sendRest()
        this.#exchange.send(`: ping${this.#endOfLine}${this.#endOfLine}`, 0)
        ping.dueMs += everyMs
        this.#scheduler.add(ping)
      },
    }
    this.#scheduler.add(ping)
  }
}
