import { LoadError, messageOf } from '@llmload/core'
import { CARRIER, measurePieceCosts, type PieceCosts } from './piece-costs.js'
import { FIRST_WORD, Storyteller } from './text.js'
import type { Tokenizer } from './tokenizer.js'
import { INSTRUCTION } from './vocabulary.js'

export interface FittedPrompt {
  readonly text: string
  /** Its length as the server will count it; null where that can only be estimated. */
  readonly tokens: number | null
}

export interface FitterOptions {
  readonly tokenizer: Tokenizer
  readonly seed: number
  /** Length of every prompt. */
  readonly promptTokens: number
  /** Last paragraph of every prompt; null = the built-in one. */
  readonly instruction: string | null
}

/** Less of a story than this is not worth an instruction, and two stories could be equal. */
const MIN_STORY_TOKENS = 8

/** Prompts that a server counts before the others are believed to be as long as their pieces say. */
const PROMPTS_VERIFIED_BY_SERVER = 3

/** How often a prompt whose pieces do not add up is told anew: with another length in mind, or as another version. */
const MAX_ATTEMPTS = 64
const ATTEMPTS_PER_VERSION = 4

/**
 * Makes prompts of exactly the length asked for. The prompt with an index follows from seed, index
 * and tokenizer alone, so all workers together send the same prompts however many they are.
 */
export class PromptFitter {
  readonly warnings: string[] = []
  #verifies = true
  readonly #targetUnits: number
  readonly #options: FitterOptions
  readonly #storyteller: Storyteller
  readonly #frame: Frame

  private constructor(options: FitterOptions, storyteller: Storyteller, frame: Frame) {
    this.#options = options
    this.#storyteller = storyteller
    this.#frame = frame
    this.#targetUnits = options.promptTokens * options.tokenizer.unitsPerToken
    if (frame.warning) this.warnings.push(frame.warning)
  }

  /** Learns what the words cost and counts the first prompts. Throws LoadError where the length cannot be had. */
  static async create(options: FitterOptions): Promise<PromptFitter> {
    const costs = await measurePieceCosts(options.tokenizer)
    const storyteller = new Storyteller(options.seed, costs)
    const fitter = new PromptFitter(options, storyteller, await frameFor(options, costs))
    await fitter.#decideOnVerification()
    return fitter
  }

  /** The prompt with this index. */
  async prompt(index: number): Promise<FittedPrompt> {
    const { tokenizer, promptTokens } = this.#options
    if (tokenizer.kind !== 'estimate' && this.#verifies) return this.#fit(index)
    return {
      text: this.#compose(index, this.#targetUnits),
      tokens: tokenizer.kind === 'estimate' ? null : promptTokens,
    }
  }

  /** Tells the story with another length in mind until the whole is right; the nearest if it never is. */
  async #fit(index: number): Promise<FittedPrompt> {
    let aim = this.#targetUnits
    let nearest: FittedPrompt & { tokens: number } = { text: '', tokens: Number.POSITIVE_INFINITY }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const text = this.#compose(index, aim, Math.floor(attempt / ATTEMPTS_PER_VERSION))
      const tokens = await this.#count(text)
      if (tokens === null) return { text, tokens }
      const off = this.#targetUnits - tokens
      if (off === 0) return { text, tokens }
      if (Math.abs(off) < Math.abs(this.#targetUnits - nearest.tokens)) nearest = { text, tokens }
      aim = Math.max(this.#frame.emptyUnits, aim + off)
    }
    this.#warnOnce(
      `some prompts are not exactly ${this.#targetUnits} tokens long, as words do not add up with this tokenizer; ` +
        'the length of each is reported as it is',
    )
    return nearest
  }

  /** Length of a prompt; null if the server has no answer, which must not end a run under way. */
  async #count(text: string): Promise<number | null> {
    const { tokenizer } = this.#options
    try {
      return await tokenizer.countPrompt(text)
    } catch (error) {
      if (tokenizer.kind !== 'server') throw error
      this.#warnOnce(`some prompts may be a few tokens too long or too short: ${messageOf(error)}`)
      return null
    }
  }

  #warnOnce(warning: string): void {
    if (!this.warnings.includes(warning)) this.warnings.push(warning)
  }

  #compose(index: number, aim: number, version = 0): string {
    // Where the pieces cannot pay the exact sum, the next smaller one: `fit` reports it, an estimate does not mind.
    for (let budget = aim - this.#frame.emptyUnits; budget >= 0; budget--) {
      const story = this.#storyteller.tell(index, budget, version)
      if (story !== null) return FIRST_WORD + story + this.#frame.suffix
    }
    return FIRST_WORD + this.#frame.suffix
  }

  /** A local count is cheap, so every prompt gets one; a server is asked only as long as it has something to say. */
  async #decideOnVerification(): Promise<void> {
    if (this.#options.tokenizer.kind !== 'server') return
    const counts = await Promise.all(
      Array.from({ length: PROMPTS_VERIFIED_BY_SERVER }, (_, index) =>
        this.#options.tokenizer.countPrompt(this.#compose(index, this.#targetUnits)),
      ),
    )
    this.#verifies = counts.some((tokens) => tokens !== this.#targetUnits)
  }
}

/** What stands around the story of every prompt. */
interface Frame {
  readonly suffix: string
  /** Length of a prompt whose story is empty, in units of the tokenizer. */
  readonly emptyUnits: number
  readonly warning: string | null
}

/** The first frame that leaves room for a story: with the instruction, with a full stop, with nothing. */
async function frameFor(options: FitterOptions, costs: PieceCosts): Promise<Frame> {
  const { tokenizer, promptTokens } = options
  const target = promptTokens * tokenizer.unitsPerToken
  const emptyUnitsOf = async (suffix: string) =>
    (await tokenizer.countPrompt(FIRST_WORD + CARRIER + suffix)) - (costs.get(CARRIER) ?? Number.NaN)
  const tokens = (units: number) => Math.ceil(units / tokenizer.unitsPerToken)

  const instruction = `.\n\n${options.instruction ?? INSTRUCTION}`
  const whole = await emptyUnitsOf(instruction)
  const leastUnits = whole + MIN_STORY_TOKENS * tokenizer.unitsPerToken
  if (target >= leastUnits) return { suffix: instruction, emptyUnits: whole, warning: null }

  const warning =
    `prompts of ${promptTokens} tokens have no room for the instruction at their end, which is left out; ` +
    `it needs -p ${tokens(leastUnits)} or more`
  const sentence = await emptyUnitsOf('.')
  if (target >= sentence) return { suffix: '.', emptyUnits: sentence, warning }
  const word = await emptyUnitsOf('')
  if (target >= word) return { suffix: '', emptyUnits: word, warning }
  throw new LoadError(
    'BAD_OPTIONS',
    `prompts of ${promptTokens} tokens cannot be made: a single word is ${tokens(word)} tokens long with what the ` +
      `server puts around it (by ${tokenizer.description})`,
    `ask for -p ${tokens(word)} or more`,
  )
}
