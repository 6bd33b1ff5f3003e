import { NotHttpError } from './connection-errors.js'
import { parseResponseHead, type ResponseHead, readFields } from './response-head.js'

/** Most bytes of headers, interim responses and trailers of one response together. Servers stay below 16 KiB. */
export const MAX_HEADER_BYTES = 64 * 1024

/** Most bytes of all extensions of one chunk; nobody uses them. */
const MAX_EXTENSION_BYTES = 4096

/** More digits would be a chunk that no integer can count. */
const MAX_SIZE_DIGITS = 13

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const SEMICOLON = 0x3b

const BEGIN = 'HTTP/1.'
/** So much is looked at of what may begin otherwise: enough to quote it. */
const MAX_BEGIN_BYTES = 100
const BLANK_LINE = '\r\n\r\n'

/** Receives one response. */
export interface ResponseSink {
  /** Status and headers of the response itself; interim responses (1xx) are passed over. */
  head(head: ResponseHead): void
  /** `bytes[start, end)` are of the body. They are only valid during the call. */
  body(bytes: Buffer, start: number, end: number): void
}

/** What the next byte is part of. */
type State =
  | 'head'
  | 'length'
  | 'close'
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'chunk'
  | 'chunk-cr'
  | 'chunk-lf'
  | 'trailer'
  | 'complete'

/**
 * Bytes of a connection to one response (RFC 9112), wherever the reads cut them. Whether more
 * responses may follow is for others to decide: it stops at the end of the first.
 */
export class ResponseParser {
  readonly #sink: ResponseSink
  #state: State = 'head'
  /** What has come of a head or of trailers. */
  #text = ''
  #headerBytes = 0
  /** Bytes that are missing of the body or of a chunk; while the size of a chunk is read, that size so far. */
  #left = 0
  #sizeDigits = 0
  #extensionBytes = 0
  #keepAliveMs = 0

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /** How long the server says that it keeps the connection after the response; 0 = not at all. */
  get keepAliveMs(): number {
    return this.#keepAliveMs
  }

  /**
   * Takes `bytes[0, end)` of one read. Returns where it stopped: behind the end of the response, or `end`.
   * Throws a NotHttpError, after which nothing can be read.
   */
  push(bytes: Buffer, end: number): number {
    let at = 0
    while (at < end && this.#state !== 'complete') at = this.#step(bytes, at, end)
    return at
  }

  /** The connection has ended. Returns whether that completes the response. */
  finish(): boolean {
    if (this.#state === 'close') this.#state = 'complete'
    return this.isComplete
  }

  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes, at, end)
      case 'close':
        this.#sink.body(bytes, at, end)
        return end
      case 'length':
      case 'chunk':
        return this.#body(bytes, at, end)
      case 'trailer':
        return this.#trailer(bytes, at, end)
      default:
        return this.#chunkFrame(bytes, at, end)
    }
  }

  #head(bytes: Buffer, at: number, end: number): number {
    if (this.#text.length < BEGIN.length) this.#checkBegin(bytes, at, end)
    const behind = this.#collect(bytes, at, end)
    if (behind < 0) return end
    const head = parseResponseHead(this.#takeText())
    if (head === null) return behind
    const { framing, keepAliveMs } = head
    this.#keepAliveMs = keepAliveMs
    this.#left = framing.by === 'length' ? framing.bytes : 0
    this.#sink.head(head)
    if (framing.by === 'chunks') this.#beginChunk()
    else if (framing.by === 'close') this.#state = 'close'
    else this.#state = framing.bytes === 0 ? 'complete' : 'length'
    return behind
  }

  #checkBegin(bytes: Buffer, at: number, end: number): void {
    const begin = this.#text + bytes.toString('latin1', at, Math.min(end, at + MAX_BEGIN_BYTES))
    if (BEGIN.startsWith(begin.slice(0, BEGIN.length))) return
    throw new NotHttpError('begins with', begin.split(/[\r\n]/, 1)[0])
  }

  #body(bytes: Buffer, at: number, end: number): number {
    const stop = Math.min(end, at + this.#left)
    this.#left -= stop - at
    this.#sink.body(bytes, at, stop)
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk-cr' : 'complete'
    return stop
  }

  #chunkFrame(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0
      switch (this.#state) {
        case 'size':
          this.#size(byte)
          break
        case 'extension':
          this.#extension(byte)
          break
        case 'chunk-cr':
          if (byte !== CR) throw unexpected('behind chunk', byte)
          this.#state = 'chunk-lf'
          break
        case 'chunk-lf':
          if (byte !== LF) throw unexpected('behind chunk', byte)
          this.#beginChunk()
          break
        default:
          if (byte !== LF) throw unexpected('behind chunk size', byte)
          this.#endSize()
          return at + 1
      }
    }
    return end
  }

  #beginChunk(): void {
    this.#state = 'size'
    this.#left = 0
    this.#sizeDigits = 0
    this.#extensionBytes = 0
  }

  #size(byte: number): void {
    const digit = hexValue(byte)
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit
      if (++this.#sizeDigits > MAX_SIZE_DIGITS) throw new NotHttpError('chunk size too large')
    } else if (this.#sizeDigits > 0 && byte === CR) {
      this.#state = 'size-lf'
    } else if (this.#sizeDigits > 0 && (byte === SEMICOLON || byte === SPACE || byte === TAB)) {
      this.#state = 'extension'
    } else {
      throw unexpected('in chunk size', byte)
    }
  }

  #extension(byte: number): void {
    if (byte === CR) this.#state = 'size-lf'
    else if (byte < SPACE && byte !== TAB) throw unexpected('in chunk extension', byte)
    else if (++this.#extensionBytes > MAX_EXTENSION_BYTES) throw new NotHttpError('chunk extension too large')
  }

  #endSize(): void {
    this.#state = this.#left === 0 ? 'trailer' : 'chunk'
    // The line end that was just read: without trailers the blank line follows at once.
    if (this.#left === 0) this.#text = '\r\n'
  }

  #trailer(bytes: Buffer, at: number, end: number): number {
    const behind = this.#collect(bytes, at, end)
    if (behind < 0) return end
    readFields(this.#takeText().split('\r\n').slice(1))
    this.#state = 'complete'
    return behind
  }

  /** Adds to the text of a head or of trailers. Returns the index behind the blank line that ends it, or -1 if that is not here yet. */
  #collect(bytes: Buffer, at: number, end: number): number {
    const before = this.#text.length
    this.#text += bytes.toString('latin1', at, Math.min(end, at + MAX_HEADER_BYTES + 1))
    const blank = this.#text.indexOf(BLANK_LINE, Math.max(0, before - BLANK_LINE.length + 1))
    const length = blank < 0 ? this.#text.length : blank + BLANK_LINE.length
    if (this.#headerBytes + length > MAX_HEADER_BYTES) throw new NotHttpError('headers too large')
    if (blank < 0) return -1
    this.#text = this.#text.slice(0, blank)
    this.#headerBytes += length
    return at + length - before
  }

  #takeText(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}

function unexpected(where: string, byte: number): NotHttpError {
  return new NotHttpError(`Invalid character ${where}`, String.fromCharCode(byte))
}

/** Value of a hexadecimal digit; -1 if it is none. */
function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
