import { escapeLength } from './json-char.js'

/** Deeper nesting is left to JSON.parse. */
const MAX_DEPTH = 32

const TAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

/*
 * Every function here takes the index at which something begins and returns the index behind it, or
 * -1 where it is no legal JSON (RFC 8259) on one line, or is cut off. They may look at bytes behind
 * `end`, but an index that is returned behind `end` means the same as -1; the outermost caller checks that.
 */

/** White space on one line: line ends are left out, for in an event stream they are no part of the JSON. */
export function skipSpace(bytes: Buffer, at: number): number {
  let i = at
  while (bytes[i] === SPACE || bytes[i] === TAB) i++
  return i
}

/** A string, its opening quote at `at`. */
function skipString(bytes: Buffer, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === QUOTE) return i + 1
    if (byte < SPACE) return -1
    if (byte === BACKSLASH) {
      const length = escapeLength(bytes, i)
      if (length === 0) return -1
      i += length - 1
    }
  }
  return -1
}

/** A string without escapes, its opening quote at `at`. */
export function skipPlainString(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return -1
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === QUOTE) return i + 1
    if (byte < SPACE || byte === BACKSLASH) return -1
  }
  return -1
}

/** Any value. */
export function skipValue(bytes: Buffer, at: number, end: number, depth = 0): number {
  switch (bytes[at]) {
    case QUOTE:
      return skipString(bytes, at, end)
    case OPEN_BRACE:
      return depth < MAX_DEPTH ? skipObject(bytes, at, end, depth + 1) : -1
    case OPEN_BRACKET:
      return depth < MAX_DEPTH ? skipArray(bytes, at, end, depth + 1) : -1
    case 0x74:
      return skipWord(bytes, at, TRUE)
    case 0x66:
      return skipWord(bytes, at, FALSE)
    case 0x6e:
      return skipNull(bytes, at)
    default:
      return skipNumber(bytes, at)
  }
}

export const skipNull = (bytes: Buffer, at: number): number => skipWord(bytes, at, NULL)

/** Whether a word stands at `at`. */
export function isAt(bytes: Buffer, at: number, word: Buffer): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false
  return true
}

function skipWord(bytes: Buffer, at: number, word: Buffer): number {
  return isAt(bytes, at, word) ? at + word.length : -1
}

function skipObject(bytes: Buffer, at: number, end: number, depth: number): number {
  let i = skipSpace(bytes, at + 1)
  if (bytes[i] === CLOSE_BRACE) return i + 1
  for (;;) {
    if (bytes[i] !== QUOTE) return -1
    i = skipString(bytes, i, end)
    if (i < 0) return -1
    i = skipSpace(bytes, i)
    if (bytes[i] !== COLON) return -1
    i = skipValue(bytes, skipSpace(bytes, i + 1), end, depth)
    if (i < 0) return -1
    i = skipSpace(bytes, i)
    if (bytes[i] === CLOSE_BRACE) return i + 1
    if (bytes[i] !== COMMA) return -1
    i = skipSpace(bytes, i + 1)
  }
}

function skipArray(bytes: Buffer, at: number, end: number, depth: number): number {
  let i = skipSpace(bytes, at + 1)
  if (bytes[i] === CLOSE_BRACKET) return i + 1
  for (;;) {
    i = skipValue(bytes, i, end, depth)
    if (i < 0) return -1
    i = skipSpace(bytes, i)
    if (bytes[i] === CLOSE_BRACKET) return i + 1
    if (bytes[i] !== COMMA) return -1
    i = skipSpace(bytes, i + 1)
  }
}

/** A number, its first digit or sign at `at`. */
export function skipNumber(bytes: Buffer, at: number): number {
  let i = bytes[at] === MINUS ? at + 1 : at
  const whole = skipDigits(bytes, i)
  if (whole === i || (bytes[i] === ZERO && whole > i + 1)) return -1
  i = whole
  if (bytes[i] === DOT) {
    const fraction = skipDigits(bytes, i + 1)
    if (fraction === i + 1) return -1
    i = fraction
  }
  if (bytes[i] === 0x65 || bytes[i] === 0x45) {
    const digits = bytes[i + 1] === PLUS || bytes[i + 1] === MINUS ? i + 2 : i + 1
    i = skipDigits(bytes, digits)
    if (i === digits) return -1
  }
  return i
}

function skipDigits(bytes: Buffer, at: number): number {
  let i = at
  while (isDigit(bytes[i])) i++
  return i
}

const isDigit = (byte = 0): boolean => byte >= ZERO && byte <= NINE
