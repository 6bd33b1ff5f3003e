import { skipNumber, skipPlainString } from './json-skip.js'
import type { JsonText } from './json-text.js'

const QUOTE = 0x22
const WORD_BYTES = 4

/** A value that changes from chunk to chunk: the text, or a string or number that means nothing here, like an id. */
export interface Gap {
  readonly start: number
  readonly end: number
  readonly is: 'text' | 'string' | 'number'
}

/** Bytes that are the same in every chunk, and what follows on them. */
interface Piece {
  readonly words: Int32Array
  /** Those that do not fill a word, behind the words. */
  readonly rest: Uint8Array
  readonly then: Gap['is'] | 'nothing'
}

/**
 * The form that the chunks of a server share. They differ in a few values and are the same, byte for byte, in all
 * else: a chunk that fits says the same as the one whose form this is, and comparing is much faster than walking.
 */
export class ChunkShape {
  readonly #pieces: readonly Piece[]
  /** What was looked at last, which nearly all chunks lie in, by words. */
  #view: DataView
  #viewed: Buffer

  /** Of the object `bytes[start, end)`, in which there are these gaps, in order. */
  constructor(bytes: Buffer, start: number, end: number, gaps: readonly Gap[]) {
    const from = [start, ...gaps.map((gap) => gap.end)]
    this.#viewed = bytes
    this.#view = viewOf(bytes)
    this.#pieces = from.map((at, k) => pieceOf(bytes.subarray(at, gaps[k]?.start ?? end), gaps[k]?.is ?? 'nothing'))
  }

  /**
   * Compares what begins at `at`. Returns the index behind it, or -1 if it does not fit, or has no text. What is
   * behind `end` may be looked at, but an index behind it means the same as -1.
   */
  fit(bytes: Buffer, at: number, end: number, text: JsonText): number {
    if (this.#viewed !== bytes) {
      this.#viewed = bytes
      this.#view = viewOf(bytes)
    }
    let i = at
    for (const piece of this.#pieces) {
      i = this.#skipSame(piece, bytes, i)
      if (i >= 0 && piece.then !== 'nothing') i = skipGap(piece.then, bytes, i, end, text)
      if (i < 0) break
    }
    return i
  }

  #skipSame({ words, rest }: Piece, bytes: Buffer, at: number): number {
    const behindWords = at + words.length * WORD_BYTES
    const behind = behindWords + rest.length
    if (behind > bytes.length || !sameWords(this.#view, at, words)) return -1
    for (let j = 0; j < rest.length; j++) if (bytes[behindWords + j] !== rest[j]) return -1
    return behind
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength)

function sameWords(view: DataView, at: number, words: Int32Array): boolean {
  for (let j = 0; j < words.length; j++) if (view.getInt32(at + j * WORD_BYTES, true) !== words[j]) return false
  return true
}

function skipGap(is: Gap['is'], bytes: Buffer, at: number, end: number, text: JsonText): number {
  if (is === 'string') return skipPlainString(bytes, at, end)
  if (is === 'number') return skipNumber(bytes, at)
  return bytes[at + 1] === QUOTE ? -1 : text.read(bytes, at, end)
}

function pieceOf(bytes: Buffer, then: Piece['then']): Piece {
  const words = Int32Array.from({ length: bytes.length >> 2 }, (_, j) => bytes.readInt32LE(j * WORD_BYTES))
  return { words, rest: Uint8Array.from(bytes.subarray(words.length * WORD_BYTES)), then }
}
