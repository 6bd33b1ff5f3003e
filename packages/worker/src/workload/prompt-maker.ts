import { type Plan, requestBody, type Secrets } from '@llmload/core'
import { openTokenizer } from './open-tokenizer.js'
import { PromptFitter } from './prompt-fitter.js'
import type { Tokenizer } from './tokenizer.js'

/** What a worker sends, and which part of the run's prompts is its own: first, first + step, … */
export interface PromptOrder {
  readonly plan: Plan
  readonly secrets: Secrets
  readonly firstIndex: number
  readonly step: number
}

export interface MadePrompt {
  /** Position in the run's global order. */
  readonly index: number
  /** The request's JSON text in UTF-8, in a buffer of its own. */
  readonly body: Uint8Array<ArrayBuffer>
  /** Length of the prompt as the server will count it; null where that is an estimate. */
  readonly promptTokens: number | null
}

/** Makes the request bodies of one worker, one after the other. */
export class PromptMaker {
  readonly #encoder = new TextEncoder()
  #nextIndex: number

  private constructor(
    private readonly order: PromptOrder,
    private readonly tokenizer: Tokenizer,
    private readonly fitter: PromptFitter,
    private readonly openingWarnings: readonly string[],
  ) {
    this.#nextIndex = order.firstIndex
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
    return this.tokenizer.description
  }

  /** All so far; more may come with the prompts. */
  get warnings(): readonly string[] {
    return [...this.openingWarnings, ...this.fitter.warnings]
  }

  /** Tokens of generated text; null where only a server could count them. */
  get countText(): ((text: string) => number) | null {
    return this.tokenizer.countText
  }

  async next(): Promise<MadePrompt> {
    const index = this.#nextIndex
    this.#nextIndex += this.order.step
    const { text, tokens } = await this.fitter.prompt(index)
    return { index, body: this.#encoder.encode(requestBody(this.order.plan, text)), promptTokens: tokens }
  }

  close(): Promise<void> {
    return this.tokenizer.close()
  }
}
