const FIRST_BYTES = 256
const NOTHING = Buffer.alloc(0)

/**
 * Pieces of text of one answer as they stand in its JSON, still escaped, end to end: making a string
 * of each would cost more than all the rest of reading a chunk.
 */
export class RawText {
  #bytes = NOTHING
  #length = 0

  /** Adds `bytes[start, end)`, the inside of a legal JSON string. */
  add(bytes: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start
    if (needed > this.#bytes.length) this.#grow(needed)
    for (let i = start; i < end; i++) this.#bytes[this.#length++] = bytes[i] ?? 0
  }

  /** All text since the last take. */
  take(): string {
    if (this.#length === 0) return ''
    const text: string = JSON.parse(`"${this.#bytes.toString('utf8', 0, this.#length)}"`)
    this.#length = 0
    return text
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length, FIRST_BYTES))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
