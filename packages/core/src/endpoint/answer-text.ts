const FIRST_BYTES = 256
const NOTHING = Buffer.alloc(0)

/** The text of all answers of one request, whose pieces come interleaved. A server may send any index. */
export class AnswerText {
  readonly #texts = new Map<number, string>()
  /** What follows on the text of the first answer. */
  readonly #raw = new RawText()

  /** Adds to the first answer `bytes[start, end)`, the inside of a legal JSON string. */
  addRaw(bytes: Buffer, start: number, end: number): void {
    this.#raw.add(bytes, start, end)
  }

  add(index: number, text: string): void {
    const before = this.#texts.get(index) ?? ''
    this.#texts.set(index, before + (index === 0 ? this.#raw.take() : '') + text)
  }

  /** One answer after the other. */
  get all(): string {
    this.add(0, '')
    const inOrder = [...this.#texts].sort(([a], [b]) => a - b)
    return inOrder.map(([, text]) => text).join('')
  }
}

/**
 * Pieces of text of one answer as they stand in its JSON, still escaped, end to end: making a string
 * of each would cost more than all the rest of reading a chunk.
 */
class RawText {
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
