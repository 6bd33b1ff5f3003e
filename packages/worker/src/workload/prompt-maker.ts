import { type Plan, requestBody, type Secrets } from '@llmload/core'
import { openTokenizer } from './open-tokenizer.js'
import { PromptFitter } from './prompt-fitter.js'
import type { Tokenizer } from './tokenizer.js'

/** What a worker sends, and what it takes to ask a server how long that is. */
export interface PromptOrder {
  readonly plan: Plan
  readonly secrets: Secrets
}

export interface MadePrompt {
  /** Position in the run's global order. */
  readonly index: number
  /** The request's JSON text in UTF-8, in a buffer of its own. */
  readonly body: Uint8Array<ArrayBuffer>
  /** Length of the prompt as the server will count it; null where that is an estimate. */
  readonly promptTokens: number | null
}

/** Makes request bodies, one after the other. */
export class PromptMaker {
  readonly #encoder = new TextEncoder()
  readonly #order: PromptOrder
  readonly #tokenizer: Tokenizer
  readonly #fitter: PromptFitter
  readonly #openingWarnings: readonly string[]

  private constructor(
    order: PromptOrder,
    tokenizer: Tokenizer,
    fitter: PromptFitter,
    openingWarnings: readonly string[],
  ) {
    this.#order = order
    this.#tokenizer = tokenizer
    this.#fitter = fitter
    this.#openingWarnings = openingWarnings
  }

  /** Throws LoadError where the tokenizer or the length cannot be had; `onNote` hears of downloads. */
  static async open(order: PromptOrder, onNote: (line: string) => void): Promise<PromptMaker> {
    const { plan, secrets } = order
    const { tokenizer, warnings } = await openTokenizer(plan, secrets, onNote)
    try {
      const { promptTokens, instruction } = plan.workload
      const fitter = await PromptFitter.create({ tokenizer, seed: plan.seed, promptTokens, instruction })
      return new PromptMaker(order, tokenizer, fitter, warnings)
    } catch (error) {
      await tokenizer.close()
      throw error
    }
  }

  /** How lengths are counted. */
  get description(): string {
    return this.#tokenizer.description
  }

  /** All so far; more may come with the prompts. */
  get warnings(): readonly string[] {
    return [...this.#openingWarnings, ...this.#fitter.warnings]
  }

  /** Tokens of generated text; null where only a server could count them. */
  get countText(): ((text: string) => number) | null {
    return this.#tokenizer.countText
  }

  /** The body of request `index` of the run: the same on every worker. */
  async make(index: number): Promise<MadePrompt> {
    const { text, tokens } = await this.#fitter.prompt(index)
    return { index, body: this.#encoder.encode(requestBody(this.#order.plan, text)), promptTokens: tokens }
  }

  close(): Promise<void> {
    return this.#tokenizer.close()
  }
}
