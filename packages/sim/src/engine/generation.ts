import { generatorAt } from '@llmload/core'
import type { GenerationRequest } from '../api/generation-request.js'
import type { AnswerText } from '../text/answer-text.js'
import type { Fault } from './faults.js'
import type { Pace } from './pace.js'

export type FinishReason = 'length' | 'stop'

/** One answer: where it stands in the answer text and how long it is. */
export interface Answer {
  readonly index: number
  readonly start: number
  readonly tokens: number
  readonly finish: FinishReason
  /**
   * Steps of the engine that it takes: one for each token, and one more to stop, which makes no text.
   * vLLM counts the token of that step in usage; here usage counts what /tokenize finds in the text.
   */
  readonly steps: number
}

/** All that is decided about a request when it is accepted. */
export interface Generation {
  readonly id: string
  /** Unix seconds. */
  readonly created: number
  readonly model: string
  readonly request: GenerationRequest
  readonly answers: readonly Answer[]
  /** Steps of the longest answer. */
  readonly steps: number
  readonly completionTokens: number
  readonly pace: Pace
  /** Prompt tokens found in the prefix cache; null where there is none. */
  readonly cachedTokens: number | null
  readonly fault: Fault | null
}

export interface AnswerOptions {
  readonly seed: number
  /** Mean length of an answer that may end by itself. */
  readonly answerTokens: number
}

/** The answers to request `index`, the same for the same seed. Ends by itself at a length in 1 … 2 × mean, all equally likely. */
export function planAnswers(
  request: GenerationRequest,
  index: number,
  text: AnswerText,
  { seed, answerTokens }: AnswerOptions,
): Answer[] {
  const draw = generatorAt(seed, 'sim-answers', index)
  return Array.from({ length: request.prompts.length * request.n }, (_, answer) => {
    const start = text.startAt(draw())
    const naturalTokens = Math.max(Math.floor(draw() * 2 * answerTokens) + 1, request.minTokens)
    const stops = !request.ignoreEos && naturalTokens < request.maxTokens
    const tokens = stops ? naturalTokens : request.maxTokens
    return { index: answer, start, tokens, finish: stops ? 'stop' : 'length', steps: stops ? tokens + 1 : tokens }
  })
}

/** Tokens that all answers together make in the steps from `from` to before `to`. */
export const tokensInSteps = (answers: readonly Answer[], from: number, to: number): number =>
  answers.reduce((sum, { tokens }) => sum + Math.max(Math.min(to, tokens) - from, 0), 0)

/** The step at which a fault strikes: after its tokens, but before the answer is complete; never, if there is none. */
export function faultStep({ fault, steps }: Generation): number {
  return fault === null || fault.kind === 'fail' ? Number.POSITIVE_INFINITY : Math.min(fault.afterTokens, steps - 1)
}
