import { charLength, isLowSurrogate } from './json-char.js'
import { isAt, skipNull, skipSpace, skipValue } from './json-skip.js'

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const ZERO = 0x30
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const ERROR = Buffer.from('"error"')

const NAMES = [
  ...(['choices', 'usage', 'error', 'object'] as const),
  ...(['index', 'text', 'delta', 'finish_reason', 'logprobs', 'token_ids'] as const),
  ...(['content', 'reasoning', 'reasoning_content', 'tool_calls', 'refusal'] as const),
]

type Name = (typeof NAMES)[number]

interface Field {
  readonly name: Name
  /** The name and the quote behind it; its first byte again, by which most comparisons end. */
  readonly key: Buffer
  readonly first: number
  readonly bit: number
}

const bitOf = (name: Name): number => 1 << NAMES.indexOf(name)

const fields = (...names: Name[]): Field[] =>
  names.map((name) => ({ name, key: Buffer.from(`${name}"`), first: name.charCodeAt(0), bit: bitOf(name) }))

/** The fields that mean something, by the object in which they stand. All others are skipped, whatever is in them. */
const TOP = fields('choices', 'usage', 'error', 'object')
const CHOICE = fields('index', 'text', 'delta', 'finish_reason', 'logprobs', 'token_ids')
const DELTA = fields('content', 'reasoning', 'reasoning_content', 'tool_calls', 'refusal')

const CHOICES = bitOf('choices')
/** An event of both APIs at once. */
const TEXT_AND_DELTA = bitOf('text') | bitOf('delta')

/**
 * Reads the one kind of event that nearly all of a stream consists of, straight from its bytes: one
 * choice, of index 0, that brings text or nothing, and is not over. Anything else, anything that is
 * doubtful and anything that is no legal JSON it leaves to JSON.parse, so that it never has to be
 * right about what it does not take.
 *
 * One pass over the bytes, no allocation: a quarter of a microsecond for 290 bytes, where decoding,
 * JSON.parse and looking at the result take three.
 */
export class ChunkSkimmer {
  /** What the event brings: `bytes[textStart, textEnd)`, still escaped, and how many code points that is. */
  textStart = 0
  textEnd = 0
  chars = 0
  /** The text is not reasoning. */
  visible = false
  /** `bytes[usageStart, usageEnd)` is the usage object; both are 0 where there is none. */
  usageStart = 0
  usageEnd = 0
  #seen = 0

  /**
   * Reads the object that begins at `at` and ends before `end`. Returns the index behind it, or -1 if
   * it has to be decoded in full; only then is nothing else to be read here.
   */
  skim(bytes: Buffer, at: number, end: number): number {
    this.textStart = 0
    this.textEnd = 0
    this.chars = 0
    this.usageStart = 0
    this.usageEnd = 0
    this.#seen = 0
    const behind = this.#object(TOP, bytes, at, end)
    const common = (this.#seen & CHOICES) !== 0 && (this.#seen & TEXT_AND_DELTA) !== TEXT_AND_DELTA
    return common && behind <= end ? behind : -1
  }

  #object(known: readonly Field[], bytes: Buffer, at: number, end: number): number {
    if (bytes[at] !== OPEN_BRACE) return -1
    let i = skipSpace(bytes, at + 1)
    if (bytes[i] === CLOSE_BRACE) return i + 1
    for (;;) {
      i = this.#member(known, bytes, i, end)
      if (i < 0) return -1
      i = skipSpace(bytes, i)
      if (bytes[i] === CLOSE_BRACE) return i + 1
      if (bytes[i] !== COMMA) return -1
      i = skipSpace(bytes, i + 1)
    }
  }

  #member(known: readonly Field[], bytes: Buffer, at: number, end: number): number {
    if (bytes[at] !== QUOTE) return -1
    const field = fieldAt(known, bytes, at + 1)
    const behindKey = field === null ? skipKey(bytes, at, end) : at + 1 + field.key.length
    if (behindKey < 0) return -1
    const colon = skipSpace(bytes, behindKey)
    if (bytes[colon] !== COLON) return -1
    const value = skipSpace(bytes, colon + 1)
    return field === null ? skipValue(bytes, value, end) : this.#field(field, bytes, value, end)
  }

  #field(field: Field, bytes: Buffer, at: number, end: number): number {
    // Of a key that comes twice the last counts; that is JSON.parse's to know.
    if ((this.#seen & field.bit) !== 0) return -1
    this.#seen |= field.bit
    switch (field.name) {
      case 'choices':
        return this.#choices(bytes, at, end)
      case 'usage':
        return this.#usage(bytes, at, end)
      case 'object':
        return skipHarmless(bytes, at, end)
      case 'index':
        return skipZero(bytes, at)
      case 'delta':
        return bytes[at] === OPEN_BRACE ? this.#object(DELTA, bytes, at, end) : skipNull(bytes, at)
      case 'text':
      case 'content':
        return this.#text(bytes, at, end, true)
      case 'reasoning':
      case 'reasoning_content':
        return this.#text(bytes, at, end, false)
      case 'tool_calls':
        return skipNothing(bytes, at)
      default:
        return skipNull(bytes, at)
    }
  }

  #choices(bytes: Buffer, at: number, end: number): number {
    if (bytes[at] !== OPEN_BRACKET) return -1
    const behind = this.#object(CHOICE, bytes, skipSpace(bytes, at + 1), end)
    if (behind < 0) return -1
    const close = skipSpace(bytes, behind)
    return bytes[close] === CLOSE_BRACKET ? close + 1 : -1
  }

  #usage(bytes: Buffer, at: number, end: number): number {
    if (bytes[at] !== OPEN_BRACE) return skipNull(bytes, at)
    this.usageStart = at
    this.usageEnd = skipValue(bytes, at, end)
    return this.usageEnd
  }

  /** A text, of which the code points are counted, or null; -1 if there was another text before it. */
  #text(bytes: Buffer, at: number, end: number, visible: boolean): number {
    if (bytes[at] !== QUOTE) return skipNull(bytes, at)
    if (bytes[at + 1] === QUOTE) return at + 2
    if (this.textEnd > 0) return -1
    this.chars = 0
    this.textStart = at + 1
    this.visible = visible
    for (let i = at + 1; i < end; ) {
      if (bytes[i] === QUOTE) {
        this.textEnd = i
        return i + 1
      }
      const length = charLength(bytes, i)
      if (length === 0) return -1
      if (!isLowSurrogate(bytes, i)) this.chars++
      i += length
    }
    return -1
  }
}

/** A string without escapes, which could hide a word that we know; its opening quote is at `at`. */
function skipKey(bytes: Buffer, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === QUOTE) return i + 1
    if (byte < SPACE || byte === BACKSLASH) return -1
  }
  return -1
}

function fieldAt(known: readonly Field[], bytes: Buffer, at: number): Field | null {
  const first = bytes[at]
  for (const field of known) if (field.first === first && isAt(bytes, at, field.key)) return field
  return null
}

/** Anything but the text `error`, by which vLLM of old marks its errors. */
function skipHarmless(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return skipValue(bytes, at, end)
  return isAt(bytes, at, ERROR) ? -1 : skipKey(bytes, at, end)
}

/** The number 0, in no other spelling. */
function skipZero(bytes: Buffer, at: number): number {
  const next = bytes[at + 1]
  return bytes[at] === ZERO && (next === COMMA || next === CLOSE_BRACE || next === SPACE) ? at + 1 : -1
}

/** null or an empty list. */
function skipNothing(bytes: Buffer, at: number): number {
  return bytes[at] === OPEN_BRACKET && bytes[at + 1] === CLOSE_BRACKET ? at + 2 : skipNull(bytes, at)
}
