import { LoadError } from '@llmload/core'
import type { Tokenizer } from './tokenizer.js'
import { OPENERS, PARAGRAPH_OPENERS, PLAIN_WORDS, WORDS } from './vocabulary.js'

/**
 * What each piece of a story adds to a prompt: a word with the space before it, a comma, and the end
 * of a sentence or paragraph together with the first word of the next, which tokenizers like to join.
 */
export type PieceCosts = ReadonlyMap<string, number>

export const wordPiece = (word: string): string => ` ${word}`
export const sentencePiece = (opener: string): string => `. ${opener}`
export const paragraphPiece = (opener: string): string => `.\n\n${opener}`
export const COMMA = ','

/** A piece in a place where it can stand: pieces that are no words follow this one. */
export const CARRIER = wordPiece('day')

interface Unit {
  readonly piece: string
  /** The piece behind its carrier, if it needs one. */
  readonly text: string
  readonly carrierCost: number
  /** The least that the unit can cost. */
  readonly floor: number
}

const storyOf = (body: string): string => `The day${body}.`

/**
 * Finds the cost of every piece by counting groups of them. A group that costs no more than its least
 * has no piece above its least; any other is halved. With a tokenizer that knows common English words
 * that is four counts, with the poorest one about as many as there are pieces. Throws LoadError TOKENIZER
 * if words count for nothing.
 */
export async function measurePieceCosts(tokenizer: Tokenizer): Promise<PieceCosts> {
  const empty = await tokenizer.countPrompt(storyOf(''))
  const measure = async (text: string) => (await tokenizer.countPrompt(storyOf(text))) - empty
  const carrierCost = await measure(CARRIER)
  if (carrierCost < 1) {
    throw new LoadError(
      'TOKENIZER',
      `a prompt does not get longer by a word, says ${tokenizer.description}: it counts ${empty} before and after`,
      "name the model's own tokenizer with --tokenizer",
    )
  }
  // `.\n\n` is one token in some tokenizers and three in others; the word after it seldom matters.
  const paragraphCost = await measure(CARRIER + paragraphPiece('The'))

  const words = unique([...Object.values(WORDS).flat(), ...PLAIN_WORDS]).map((word): Unit => {
    const piece = wordPiece(word)
    return { piece, text: piece, carrierCost: 0, floor: 1 }
  })
  const carried = (piece: string, floor: number): Unit => ({ piece, text: CARRIER + piece, carrierCost, floor })
  const units = [
    ...words,
    carried(COMMA, carrierCost + 1),
    ...unique(Object.values(OPENERS).flat()).map((opener) => carried(sentencePiece(opener), carrierCost + 2)),
    ...PARAGRAPH_OPENERS.map((opener) => carried(paragraphPiece(opener), paragraphCost)),
  ]

  const costs = new Map<string, number>()
  await resolve(units, await measure(textOf(units)), measure, costs)
  return costs
}

async function resolve(
  units: readonly Unit[],
  total: number,
  measure: (text: string) => Promise<number>,
  costs: Map<string, number>,
): Promise<void> {
  const excess = total - units.reduce((sum, unit) => sum + unit.floor, 0)
  if (excess === 0 || units.length === 1) {
    for (const unit of units) costs.set(unit.piece, unit.floor + excess - unit.carrierCost)
    return
  }
  const left = units.slice(0, units.length >> 1)
  const right = units.slice(units.length >> 1)
  const leftTotal = await measure(textOf(left))
  await Promise.all([resolve(left, leftTotal, measure, costs), resolve(right, total - leftTotal, measure, costs)])
}

const textOf = (units: readonly Unit[]): string => units.map((unit) => unit.text).join('')

const unique = (words: readonly string[]): string[] => [...new Set(words)]
