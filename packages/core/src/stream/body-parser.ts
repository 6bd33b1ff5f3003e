import { LineSplitter, MAX_EVENT_BYTES } from './line-splitter.js'

/** Takes a body read by read and hands out what is complete. */
export interface BodyParser {
  /**
   * Takes `bytes[start, end)`, which are only valid during the call. Returns false once something has
   * outgrown its limit; what follows is not read.
   */
  push(bytes: Buffer, start: number, end: number): boolean
  /** The body is over. */
  finish(): void
}

/** Newline-delimited JSON: each line that is not blank is one event. */
export class NdjsonParser implements BodyParser {
  readonly #lines: LineSplitter

  constructor(onEvent: (data: string) => void) {
    this.#lines = new LineSplitter((bytes, start, end) => {
      const line = bytes.toString('utf8', start, end)
      if (line.trim() !== '') onEvent(line)
    })
  }

  push(bytes: Buffer, start: number, end: number): boolean {
    return this.#lines.push(bytes.subarray(start, end))
  }

  finish(): void {
    this.#lines.finish()
  }
}

/** Collects a body and hands it out as one text at its end. */
export class WholeBody implements BodyParser {
  readonly #onText: (text: string) => void
  readonly #limitBytes: number
  readonly #chunks: Buffer[] = []
  #bytes = 0

  /** Of a body beyond the limit only its begin is handed out. */
  constructor(onText: (text: string) => void, limitBytes = MAX_EVENT_BYTES) {
    this.#onText = onText
    this.#limitBytes = limitBytes
  }

  push(bytes: Buffer, start: number, end: number): boolean {
    const room = this.#limitBytes - this.#bytes
    if (room > 0) this.#chunks.push(copyOf(bytes, start, Math.min(end, start + room)))
    this.#bytes += end - start
    return this.#bytes <= this.#limitBytes
  }

  finish(): void {
    const [only] = this.#chunks
    const body = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks)
    this.#onText(body.toString('utf8'))
  }
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}
