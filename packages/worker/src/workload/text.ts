import { generatorAt, uniformAt } from '@llmload/core'
import { COMMA, type PieceCosts, paragraphPiece, sentencePiece, wordPiece } from './piece-costs.js'
import {
  OPENERS,
  OPENING,
  type OpenerClass,
  PARAGRAPH_OPENERS,
  PATTERNS,
  PLAIN_WORDS,
  WORDS,
  type WordClass,
} from './vocabulary.js'

/** A run of text and what it adds to the length of a prompt. */
interface Piece {
  readonly text: string
  readonly cost: number
}

/** Draws in [0, 1). */
type Draw = () => number

/** The first word of every story; it is not among the pieces, as nothing comes before it. */
export const FIRST_WORD = 'The'

/** One sentence in this many begins a paragraph. */
const SENTENCES_PER_PARAGRAPH = 6

/** How often a sentence that fits better is drawn before single words fill the rest. */
const MAX_REDRAWS = 60

/** What can stand in one place of a sentence. */
type Slot = readonly Piece[]

interface Pattern {
  readonly sentenceOpeners: Slot
  readonly paragraphOpeners: Slot
  readonly rest: readonly Slot[]
}

/**
 * Writes seeded stories of an exact length, which is the sum of the costs of their pieces. Each story
 * follows from the seed and its index alone.
 */
export class Storyteller {
  readonly #opening: readonly Slot[]
  /** How many openings there are, and how far apart those of neighbouring stories lie. */
  readonly #openings: number
  readonly #openingStep: number
  readonly #patterns: readonly Pattern[]
  readonly #adverbs: readonly Piece[]
  readonly #anyWords: readonly Piece[]
  /** What the shortest sentence costs: less than this must not be left over. */
  readonly #shortestSentence: number
  readonly #seed: number
  readonly #costs: PieceCosts

  constructor(seed: number, costs: PieceCosts) {
    this.#seed = seed
    this.#costs = costs
    this.#opening = OPENING.split(' ').map((name) => this.#slot(name))
    this.#openings = this.#opening.reduce((product, slot) => product * slot.length, 1)
    this.#openingStep = stepThrough(this.#openings)
    this.#patterns = PATTERNS.map(([opener, rest]) => this.#compile(opener, rest))
    this.#adverbs = this.#slot('ADVERB')
    this.#anyWords = [...this.#adverbs, ...PLAIN_WORDS.map((word) => this.#piece(wordPiece(word)))]
    this.#shortestSentence = Math.min(...this.#patterns.map(leastCost))
  }

  /**
   * The story with this index after its first word, exactly `budget` long, without its last full stop;
   * null if these pieces cannot add up to the budget. Another version has the same beginning and other sentences.
   */
  tell(index: number, budget: number, version = 0): string | null {
    const draw = generatorAt(this.#seed, `stories.${version}`, index)
    const pieces: Piece[] = []
    let left = budget
    for (const piece of this.#openingOf(index)) {
      if (piece.cost > left) break
      pieces.push(piece)
      left -= piece.cost
    }
    while (left > 0) {
      const sentence = this.#sentenceWithin(left, draw)
      if (sentence === null) break
      pieces.push(...sentence)
      left -= costOf(sentence)
    }
    const filling = fill(this.#adverbs, left, draw) ?? fill(this.#anyWords, left, draw)
    return filling && [...pieces, ...filling].map((piece) => piece.text).join('')
  }

  /**
   * The first sentence spells out the index, so that no two stories begin alike and no prefix cache
   * helps. The step between neighbours is so large that they differ in the first word of it.
   */
  #openingOf(index: number): Piece[] {
    const offset = Math.floor(uniformAt(this.#seed, 'openings', 0) * this.#openings)
    let code = Number((BigInt(index) * BigInt(this.#openingStep) + BigInt(offset)) % BigInt(this.#openings))
    let weight = this.#openings
    return this.#opening.map((slot) => {
      weight /= slot.length
      const digit = Math.floor(code / weight)
      code -= digit * weight
      return at(slot, digit)
    })
  }

  /** A sentence that ends the story exactly, or leaves room for another; null if none was drawn. */
  #sentenceWithin(left: number, draw: Draw): Piece[] | null {
    for (let i = 0; i < MAX_REDRAWS; i++) {
      const pattern = pick(this.#patterns, draw)
      const newParagraph = draw() * SENTENCES_PER_PARAGRAPH < 1
      const opener = pick(newParagraph ? pattern.paragraphOpeners : pattern.sentenceOpeners, draw)
      const sentence = [opener, ...pattern.rest.map((slot) => pick(slot, draw))]
      const rest = left - costOf(sentence)
      if (rest === 0 || rest >= this.#shortestSentence) return sentence
    }
    return null
  }

  #compile(opener: OpenerClass, rest: string): Pattern {
    return {
      sentenceOpeners: OPENERS[opener].map((word) => this.#piece(sentencePiece(word))),
      paragraphOpeners: OPENERS[opener]
        .filter((word) => PARAGRAPH_OPENERS.includes(word))
        .map((word) => this.#piece(paragraphPiece(word))),
      rest: rest.split(' ').map((name) => this.#slot(name)),
    }
  }

  #slot(name: string): Slot {
    if (name === COMMA) return [this.#piece(COMMA)]
    const words = isWordClass(name) ? WORDS[name] : [name]
    return words.map((word) => this.#piece(wordPiece(word)))
  }

  #piece(text: string): Piece {
    const cost = this.#costs.get(text)
    if (cost === undefined) throw new Error(`the vocabulary has no piece "${text}"`)
    return { text, cost }
  }
}

const isWordClass = (name: string): name is WordClass => name in WORDS

/**
 * Fillers that cost exactly `total` together, or null if there are none: the coin problem, with coins
 * drawn at random among those that leave a sum which can still be paid.
 */
function fill(fillers: readonly Piece[], total: number, draw: Draw): Piece[] | null {
  const coins = [...new Set(fillers.map((piece) => piece.cost))].filter((cost) => cost > 0)
  const payable = [true]
  for (let sum = 1; sum <= total; sum++) payable.push(coins.some((coin) => payable[sum - coin] === true))
  if (payable[total] !== true) return null
  const chosen: Piece[] = []
  for (let left = total; left > 0; ) {
    const piece = pick(
      fillers.filter(({ cost }) => cost > 0 && payable[left - cost] === true),
      draw,
    )
    chosen.push(piece)
    left -= piece.cost
  }
  return chosen
}

/** A step that visits all numbers below `capacity` before it comes back, far from the one before: the golden section. */
function stepThrough(capacity: number): number {
  let step = Math.floor(capacity * 0.6180339887)
  while (greatestCommonDivisor(step, capacity) !== 1) step++
  return step
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))

const costOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, piece) => sum + piece.cost, 0)

const least = (slot: Slot): number => Math.min(...slot.map((piece) => piece.cost))

const leastCost = ({ sentenceOpeners, rest }: Pattern): number =>
  least(sentenceOpeners) + rest.reduce((sum, slot) => sum + least(slot), 0)

function at<T>(list: readonly T[], position: number): T {
  const item = list[position]
  if (item === undefined) throw new RangeError(`no item ${position} in a list of ${list.length}`)
  return item
}

const pick = <T>(list: readonly T[], draw: Draw): T => at(list, Math.floor(draw() * list.length))
