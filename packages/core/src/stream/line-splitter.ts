const LF = 0x0a
const CR = 0x0d

/**
 * Largest line or event that is read. Audio, images and long tool calls reach some MiB; a server
 * that never ends a line must not fill the worker's memory.
 */
export const MAX_EVENT_BYTES = 64 * 1024 * 1024

/**
 * Splits bytes into lines at LF, CR and CRLF, wherever the reads cut them. It works on bytes, because
 * U+2028, U+0085 and their like end no line here, and a character may be cut by a read.
 */
export class LineSplitter {
  readonly #onLine: (bytes: Buffer, start: number, end: number) => void
  /** Begin of a line whose end has not arrived. */
  #held = Buffer.alloc(0)
  #heldBytes = 0
  /** The last read ended with CR: a LF that follows belongs to it. */
  #afterCr = false

  /** `onLine` gets the line as `bytes[start, end)`, without its end; the bytes are only valid during the call. */
  constructor(onLine: (bytes: Buffer, start: number, end: number) => void) {
    this.#onLine = onLine
  }

  /** Takes one read. Returns false once a line has outgrown `MAX_EVENT_BYTES`; nothing can be read after that. */
  push(chunk: Buffer): boolean {
    const { length } = chunk
    if (length === 0) return true
    let start = this.#afterCr && chunk[0] === LF ? 1 : 0
    this.#afterCr = chunk[length - 1] === CR
    for (let i = start; i < length; i++) {
      const byte = chunk[i]
      if (byte !== LF && byte !== CR) continue
      this.#end(chunk, start, i)
      if (byte === CR && chunk[i + 1] === LF) i++
      start = i + 1
    }
    if (start < length) this.#hold(chunk, start, length)
    return this.#heldBytes <= MAX_EVENT_BYTES
  }

  /** The bytes are over: what stands without an end of line is a line too. */
  finish(): void {
    if (this.#heldBytes > 0) this.#end(this.#held, 0, 0)
  }

  #end(chunk: Buffer, start: number, end: number): void {
    if (this.#heldBytes === 0) {
      this.#onLine(chunk, start, end)
      return
    }
    this.#hold(chunk, start, end)
    const bytes = this.#heldBytes
    this.#heldBytes = 0
    this.#onLine(this.#held, 0, bytes)
  }

  /** Grows by doubling, so that a byte is copied a constant number of times however many reads a line takes. */
  #hold(chunk: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#held.length, 1024))
      this.#held.copy(larger, 0, 0, this.#heldBytes)
      this.#held = larger
    }
    chunk.copy(this.#held, this.#heldBytes, start, end)
    this.#heldBytes = needed
  }
}
