import { LineSplitter, MAX_EVENT_BYTES } from './line-splitter.js'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const BOM = Buffer.from('\ufeff')
const DATA = Buffer.from('data')
const EVENT = Buffer.from('event')
const ERROR = Buffer.from('error')

/** Receives complete events, by one of two ways. */
export interface EventSink {
  /** Any event: its name (`message` where it has none) and its data. */
  event(name: string, data: string): void
  /**
   * Looks at data of the most common form, one JSON object on one line, which begins at `at`. Returns the
   * index behind it, or -1 if `event` shall have it.
   */
  skim(bytes: Buffer, at: number, end: number): number
  /** The event whose data was skimmed last is complete: `event` will not have it. */
  skimmed(bytes: Buffer): void
}

/**
 * Event stream to events, as WHATWG HTML §9.2.6 has it, with two additions for servers in the
 * field: `finish` dispatches an event that the end of the stream cut off from its blank line, and
 * a field `error` (llama.cpp until late 2025) becomes an event of that name. `id` and `retry`
 * mean nothing here, as nothing reconnects.
 */
export class SseParser {
  readonly #sink: EventSink
  /** Nothing of an event has been seen that is not complete. Most reads begin so and end so. */
  #isBetweenEvents = true
  readonly #lines = new LineSplitter((bytes, start, end) => this.#line(bytes, start, end))
  #atStart = true
  #name = ''
  #data: string | null = null

  constructor(sink: EventSink) {
    this.#sink = sink
  }

  /** Takes `bytes[start, end)` of one read. Returns false once an event has outgrown `MAX_EVENT_BYTES`; nothing can be read after that. */
  push(bytes: Buffer, start = 0, end = bytes.length): boolean {
    const rest = this.#isBetweenEvents ? this.#skim(bytes, start, end) : start
    if (rest === end) return true
    const read = this.#lines.push(bytes.subarray(rest, end))
    this.#isBetweenEvents = this.#lines.isAtLineStart && this.#data === null && this.#name === ''
    return read && (this.#data === null || this.#data.length <= MAX_EVENT_BYTES)
  }

  /** Takes the whole events at the begin of a read that are one line `data: {…}` each. Returns where the rest begins. */
  #skim(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end) {
      const value = valueStart(bytes, at, end, DATA)
      const lineEnd = value < 0 || bytes[value] !== OPEN_BRACE ? -1 : this.#sink.skim(bytes, value, end)
      const behind = lineEnd < 0 ? -1 : behindBlankLine(bytes, lineEnd)
      if (behind < 0 || behind > end) break
      this.#sink.skimmed(bytes)
      at = behind
    }
    if (at > start) this.#atStart = false
    return at
  }

  /** The stream is over: dispatches what has no blank line after it. */
  finish(): void {
    this.#lines.finish()
    this.#dispatch()
  }

  #line(bytes: Buffer, start: number, end: number): void {
    if (this.#atStart) {
      this.#atStart = false
      if (startsWith(bytes, start, end, BOM)) start += BOM.length
    }
    if (start === end) this.#dispatch()
    else this.#field(bytes, start, end)
  }

  #field(bytes: Buffer, start: number, end: number): void {
    const data = valueStart(bytes, start, end, DATA)
    if (data >= 0) {
      this.#addData(bytes.toString('utf8', data, end))
      return
    }
    const event = valueStart(bytes, start, end, EVENT)
    if (event >= 0) {
      this.#name = bytes.toString('utf8', event, end)
      return
    }
    const error = valueStart(bytes, start, end, ERROR)
    if (error >= 0) {
      this.#name = 'error'
      this.#addData(bytes.toString('utf8', error, end))
    }
  }

  #addData(value: string): void {
    this.#data = this.#data === null ? value : `${this.#data}\n${value}`
  }

  #dispatch(): void {
    const name = this.#name || 'message'
    const data = this.#data
    this.#name = ''
    this.#data = null
    if (data !== null) this.#sink.event(name, data)
  }
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false
  return true
}

/** Where the value of a line with this field begins, or -1 if the line has another. One space after the colon is no part of it. */
function valueStart(bytes: Buffer, start: number, end: number, field: Buffer): number {
  if (!startsWith(bytes, start, end, field)) return -1
  const colon = start + field.length
  if (colon === end) return end
  if (bytes[colon] !== COLON) return -1
  const value = colon + 1
  return value < end && bytes[value] === SPACE ? value + 1 : value
}

/** The index behind a line end and a blank line, if they stand at `at` in one of the two common spellings; else -1. */
function behindBlankLine(bytes: Buffer, at: number): number {
  if (bytes[at] === LF && bytes[at + 1] === LF) return at + 2
  const isCrLf = bytes[at] === CR && bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF
  return isCrLf ? at + 4 : -1
}
