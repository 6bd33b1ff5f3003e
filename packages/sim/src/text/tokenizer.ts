/**
 * The simulator's tokenizer. It has no vocabulary file: an id holds its own text, so any text can be
 * tokenized and any tokens turned back into it, without state.
 *
 * - A run of ASCII letters, with the one space before it, is cut into tokens of four characters:
 *   `" streaming"` is `" str"`, `"eami"`, `"ng"`. English text has some three characters per token.
 * - Every other code point is a token: digits, punctuation, line ends, further spaces, `é`, an emoji.
 *
 * Ids are below 2^29, so they fit every integer type. Characters of 7 bits are packed, the first in
 * the lowest bits; other code points stand above `CODE_POINT_BASE`, special tokens above those.
 */

const WORD_TOKEN_CHARS = 4
const BITS_PER_CHAR = 7
const CHAR_MASK = 2 ** BITS_PER_CHAR - 1
const CODE_POINT_BASE = 2 ** (WORD_TOKEN_CHARS * BITS_PER_CHAR)
const SPECIAL_BASE = CODE_POINT_BASE + 0x110000
const SPACE = 0x20

/** Tokens that no text makes: only the chat template writes them. */
export const SPECIAL_TOKENS = [
  '<|system|>',
  '<|developer|>',
  '<|user|>',
  '<|assistant|>',
  '<|tool|>',
  '<|function|>',
  '<|end|>',
] as const
export type SpecialToken = (typeof SPECIAL_TOKENS)[number]

export const specialId = (token: SpecialToken): number => SPECIAL_BASE + SPECIAL_TOKENS.indexOf(token)

/** Tokens of a text: the length of `encode`, without making the ids. */
export function countTokens(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at = tokenEnd(text, at)) count++
  return count
}

export function encode(text: string): number[] {
  const ids: number[] = []
  for (let at = 0; at < text.length; ) {
    const end = tokenEnd(text, at)
    ids.push(idOf(text, at, end))
    at = end
  }
  return ids
}

/** The texts of the tokens, in order; joined they are the text. */
export function split(text: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = tokenEnd(text, at)
    pieces.push(text.slice(at, end))
    at = end
  }
  return pieces
}

/** Text of one token; null if there is no such token. */
export function tokenText(id: number): string | null {
  if (!Number.isInteger(id) || id <= 0) return null
  if (id >= SPECIAL_BASE) return SPECIAL_TOKENS[id - SPECIAL_BASE] ?? null
  if (id >= CODE_POINT_BASE) return String.fromCodePoint(id - CODE_POINT_BASE)
  let text = ''
  for (let rest = id; rest > 0; rest >>>= BITS_PER_CHAR) text += String.fromCharCode(rest & CHAR_MASK)
  return text
}

const isLetter = (charCode: number): boolean => (charCode | 0x20) >= 0x61 && (charCode | 0x20) <= 0x7a

function tokenEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  const opensWord = isLetter(first) || (first === SPACE && isLetter(text.charCodeAt(at + 1)))
  if (!opensWord) return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
  const limit = Math.min(at + WORD_TOKEN_CHARS, text.length)
  let end = at + 1
  while (end < limit && isLetter(text.charCodeAt(end))) end++
  return end
}

function idOf(text: string, at: number, end: number): number {
  const codePoint = text.codePointAt(at) ?? 0
  if (codePoint === 0 || codePoint > CHAR_MASK) return CODE_POINT_BASE + codePoint
  let id = 0
  for (let i = end - 1; i >= at; i--) id = (id << BITS_PER_CHAR) | text.charCodeAt(i)
  return id
}
