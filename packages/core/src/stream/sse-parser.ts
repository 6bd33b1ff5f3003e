import { LineSplitter, MAX_EVENT_BYTES } from './line-splitter.js'

const COLON = 0x3a
const SPACE = 0x20
const BOM = Buffer.from('\ufeff')
const DATA = Buffer.from('data')
const EVENT = Buffer.from('event')
const ERROR = Buffer.from('error')

/** Receives a complete event: its name (`message` where it has none) and its data. */
export type OnEvent = (name: string, data: string) => void

/**
 * Event stream to events, as WHATWG HTML §9.2.6 has it, with two additions for servers in the
 * field: `finish` dispatches an event that the end of the stream cut off from its blank line, and
 * a field `error` (llama.cpp until late 2025) becomes an event of that name. `id` and `retry`
 * mean nothing here, as nothing reconnects.
 */
export class SseParser {
  readonly #onEvent: OnEvent
  readonly #lines = new LineSplitter((bytes, start, end) => this.#line(bytes, start, end))
  #atStart = true
  #name = ''
  #data: string | null = null

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent
  }

  /** Takes one read. Returns false once an event has outgrown `MAX_EVENT_BYTES`; nothing can be read after that. */
  push(chunk: Buffer): boolean {
    return this.#lines.push(chunk) && (this.#data === null || this.#data.length <= MAX_EVENT_BYTES)
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
    if (data !== null) this.#onEvent(name, data)
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
