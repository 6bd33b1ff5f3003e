import { ChunkShape, type Gap } from './chunk-shape.js'
import { isAt, skipNull, skipNumber, skipPlainString, skipSpace, skipValue } from './json-skip.js'
import { JsonText } from './json-text.js'

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const ZERO = 0x30
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
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

/** To learn a form costs more than some walks, so it has to be worth it: so many chunks in a row did not fit the last one. */
const LEARN_AFTER = 8

/**
 * Reads the one kind of event that nearly all of a stream consists of, straight from its bytes: one
 * choice, of index 0, that brings text or nothing, and is not over. Anything else, anything that is
 * doubtful and anything that is no legal JSON it leaves to JSON.parse, so that it never has to be
 * right about what it does not take.
 *
 * A chunk is compared with the form that the chunks before had; one that differs is walked, in one
 * pass over its bytes. Neither allocates, but where a form is learned.
 */
export class ChunkSkimmer {
  /** The text that the event brings, if any. */
  readonly text = new JsonText()
  /** The text is not reasoning. */
  visible = false
  /** `bytes[usageStart, usageEnd)` is the usage object; both are 0 where there is none. */
  usageStart = 0
  usageEnd = 0
  #seen = 0
  #shape: ChunkShape | null = null
  #shapeVisible = false
  /** Chunks in a row that did not fit. */
  #unlike = LEARN_AFTER
  /** Of the chunk that is walked, where its form shall be learned. */
  #gaps: Gap[] | null = null

  /**
   * Reads the object that begins at `at` and ends before `end`. Returns the index behind it, or -1 if
   * it has to be decoded in full; only then is nothing else to be read here.
   */
  skim(bytes: Buffer, at: number, end: number): number {
    this.usageStart = 0
    this.usageEnd = 0
    const behind = this.#shape === null ? -1 : this.#shape.fit(bytes, at, end, this.text)
    if (behind < 0) return this.#walk(bytes, at, end)
    this.#unlike = 0
    this.visible = this.#shapeVisible
    return behind <= end ? behind : -1
  }

  #walk(bytes: Buffer, at: number, end: number): number {
    this.text.clear()
    this.#seen = 0
    this.#gaps = this.#unlike >= LEARN_AFTER ? [] : null
    const behind = this.#object(TOP, bytes, at, end)
    const common = (this.#seen & CHOICES) !== 0 && (this.#seen & TEXT_AND_DELTA) !== TEXT_AND_DELTA
    if (!common || behind < 0 || behind > end) return -1
    if (this.text.end > 0 && this.usageEnd === 0) this.#learn(bytes, at, behind)
    return behind
  }

  #learn(bytes: Buffer, start: number, end: number): void {
    if (this.#gaps === null) {
      this.#unlike++
    } else {
      this.#shape = new ChunkShape(bytes, start, end, this.#gaps)
      this.#shapeVisible = this.visible
      this.#unlike = 0
    }
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
    // An escape could hide a word that we know.
    const behindKey = field === null ? skipPlainString(bytes, at, end) : at + 1 + field.key.length
    if (behindKey < 0) return -1
    const colon = skipSpace(bytes, behindKey)
    if (bytes[colon] !== COLON) return -1
    const value = skipSpace(bytes, colon + 1)
    return field === null ? this.#other(bytes, value, end) : this.#field(field, bytes, value, end)
  }

  /** The value of a field that means nothing. */
  #other(bytes: Buffer, at: number, end: number): number {
    const behind = skipValue(bytes, at, end)
    if (this.#gaps !== null) {
      if (skipPlainString(bytes, at, end) === behind) this.#gaps.push({ start: at, end: behind, is: 'string' })
      else if (skipNumber(bytes, at) === behind) this.#gaps.push({ start: at, end: behind, is: 'number' })
    }
    return behind
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

  /** A text or null; -1 if there was another text before it. */
  #text(bytes: Buffer, at: number, end: number, visible: boolean): number {
    if (bytes[at] !== QUOTE) return skipNull(bytes, at)
    if (bytes[at + 1] === QUOTE) return at + 2
    if (this.text.end > 0) return -1
    this.visible = visible
    const behind = this.text.read(bytes, at, end)
    this.#gaps?.push({ start: at, end: behind, is: 'text' })
    return behind
  }
}

function fieldAt(known: readonly Field[], bytes: Buffer, at: number): Field | null {
  const first = bytes[at]
  for (const field of known) if (field.first === first && isAt(bytes, at, field.key)) return field
  return null
}

/** Anything but the text `error`, by which vLLM of old marks its errors. */
function skipHarmless(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return skipValue(bytes, at, end)
  return isAt(bytes, at, ERROR) ? -1 : skipPlainString(bytes, at, end)
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
