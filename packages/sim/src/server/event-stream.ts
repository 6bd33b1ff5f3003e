import type { Clock } from '@llmload/core'
import type { Scheduler } from '../engine/scheduler.js'
import type { StreamEvent } from '../quirks/quirk.js'
import type { Quirks } from '../quirks/quirks.js'
import { Compressor } from './compressor.js'
import type { Ending, Exchange } from './exchange.js'

/** Between the parts of a write that is cut: long enough for the client to read the first. */
const CUT_GAP_MS = 1

/** One write: the tokens that it completes, and whether it ends the answer. */
interface Part {
  readonly bytes: Buffer
  readonly tokens: number
  readonly ending: Ending | null
}

/** Server-sent events on an exchange, as the quirks have them. */
export class EventStream {
  readonly #exchange: Exchange
  readonly #scheduler: Scheduler
  readonly #clock: Clock
  readonly #quirks: Quirks
  readonly #pingMs: number
  readonly #compressor: Compressor | null
  /** Events that were framed. */
  #framed = 0
  /** What waits to go in one write with what follows. */
  #held = { text: '', tokens: 0, writes: 0 }
  /** Parts of a write that have not gone yet. */
  readonly #parts: Part[] = []

  constructor(exchange: Exchange, scheduler: Scheduler, clock: Clock, quirks: Quirks, pingMs: number) {
    const encoding = quirks.get('encoding')
    this.#exchange = exchange
    this.#scheduler = scheduler
    this.#clock = clock
    this.#quirks = quirks
    this.#pingMs = quirks.get('pingMs') ?? pingMs
    this.#compressor = encoding ? new Compressor(encoding.stream()) : null
  }

  open(): void {
    const encoding = this.#quirks.get('encoding')
    const headers = {
      'content-type': this.#quirks.get('contentType') ?? 'text/event-stream; charset=utf-8',
      ...(encoding && { 'content-encoding': encoding.name }),
    }
    this.#quirks.open(this.#exchange.response)
    if (this.#quirks.get('lateHeaders')) this.#exchange.holdHeaders(200, headers)
    else this.#exchange.sendHeaders(200, headers)
    if (this.#pingMs > 0) this.#startPings(this.#pingMs)
  }

  /** Events as they stand on the wire. */
  frame(events: readonly StreamEvent[]): string {
    const frameOne = ({ kind, text }: StreamEvent) => {
      const event = kind === 'raw' ? text : `data: ${text}\n\n`
      return this.#quirks.frame(event, this.#framed++ === 0)
    }
    return events.map(frameOne).join('')
  }

  /** Sends framed events; `tokens` is what they carry together. */
  send(framed: string, tokens: number): void {
    const held = this.#held
    this.#held = { text: held.text + framed, tokens: held.tokens + tokens, writes: held.writes + 1 }
    if (this.#held.writes >= (this.#quirks.get('hold') ?? 1)) this.#release('', null)
  }

  /** Sends the last framed events and ends the answer. */
  end(framed: string, ending: Ending): void {
    this.#release(framed, ending)
  }

  /** Sends what is held back. */
  flush(): void {
    this.#release('', null)
    this.#sendParts()
  }

  #release(last: string, ending: Ending | null): void {
    const { text, tokens } = this.#held
    this.#held = { text: '', tokens: 0, writes: 0 }
    this.#sendParts()
    const bytes = Buffer.from(text + last)
    if (bytes.length === 0 && ending === null) return
    if (!this.#quirks.reshapesWrites) {
      this.#write({ bytes, tokens, ending })
      return
    }
    this.#exchange.stamp(bytes)
    const parts = this.#quirks.cut(bytes)
    parts.forEach((part, i) => {
      const isLast = i === parts.length - 1
      this.#parts.push({ bytes: part, tokens: isLast ? tokens : 0, ending: isLast ? ending : null })
    })
    this.#sendNextPart()
  }

  #sendNextPart(): void {
    const part = this.#parts.shift()
    if (part === undefined || this.#exchange.ending !== null) return
    this.#write(part)
    if (this.#parts.length === 0) return
    const dueMs = this.#clock.nowMs() + (this.#quirks.get('cutGapMs') ?? CUT_GAP_MS)
    this.#scheduler.add({ dueMs, run: () => this.#sendNextPart() })
  }

  #sendParts(): void {
    for (const part of this.#parts.splice(0)) this.#write(part)
  }

  #write(part: Part): void {
    const { bytes, ending } = part
    if (this.#exchange.ending !== null) return
    if (this.#compressor === null) this.#deliver(part)
    else if (ending === null) this.#compressor.write(bytes, (encoded) => this.#deliver({ ...part, bytes: encoded }))
    else this.#compressor.end(bytes, (encoded) => this.#deliver({ ...part, bytes: encoded }))
  }

  #deliver({ bytes, tokens, ending }: Part): void {
    const how = this.#quirks.get('ending')
    if (this.#exchange.ending !== null) return
    if (ending === null || how !== undefined || tokens > 0) this.#exchange.send(bytes, tokens)
    if (ending === null || how === 'hold') return
    if (how === 'close') this.#exchange.halfClose(ending)
    else this.#exchange.finish(tokens > 0 ? '' : bytes, ending)
  }

  #startPings(everyMs: number): void {
    const ping = {
      dueMs: this.#exchange.receivedMs + everyMs,
      run: () => {
        if (this.#exchange.ending !== null) return
        // Not into the middle of an event: the half that was sent must be completed first.
        this.#sendParts()
        this.#write({ bytes: Buffer.from(this.#quirks.frame(': ping\n\n', false)), tokens: 0, ending: null })
        ping.dueMs += everyMs
        this.#scheduler.add(ping)
      },
    }
    this.#scheduler.add(ping)
  }
}
