const LF = 0x0a
const CR = 0x0d
const NOTHING = Buffer.alloc(0)

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
  #held = NOTHING
  #heldBytes = 0
  /** The last read ended with CR: a LF that follows belongs to it. */
  #afterCr = false

  /** `onLine` gets the line as `bytes[start, end)`, without its end; the bytes are only valid during the call. */
  constructor(onLine: (bytes: Buffer, start: number, end: number) => void) {
    this.#onLine = onLine
  }

  /** Whether the next byte begins a line. */
  get isAtLineStart(): boolean {
    return this.#heldBytes === 0 && !this.#afterCr
  }

  /** Takes one read. Returns false once a line has outgrown `MAX_EVENT_BYTES`; nothing can be read after that. */
  push(chunk: Buffer): boolean {
    if (chunk.length === 0) return true
    const start = this.#split(chunk, this.#afterCr && chunk[0] === LF ? 1 : 0)
    this.#afterCr = chunk[chunk.length - 1] === CR
    if (start < chunk.length) this.#hold(chunk, start, chunk.length)
    return this.#heldBytes <= MAX_EVENT_BYTES
  }

  /** Hands out the lines that end in the chunk. Returns where the one begins that does not. */
  #split(chunk: Buffer, begin: number): number {
    let start = begin
    // The native search for either byte takes a quarter of the time of a loop over all bytes.
    let lf = chunk.indexOf(LF, start)
    let cr = chunk.indexOf(CR, start)
    while (lf >= 0 || cr >= 0) {
      const end = cr < 0 || (lf >= 0 && lf < cr) ? lf : cr
      this.#end(chunk, start, end)
      start = end === cr && chunk[end + 1] === LF ? end + 2 : end + 1
      if (lf >= 0 && lf < start) lf = chunk.indexOf(LF, start)
      if (cr >= 0 && cr < start) cr = chunk.indexOf(CR, start)
    }
    return start
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
