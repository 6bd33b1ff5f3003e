import { type Clock, generatorAt } from '@llmload/core'
import { AnswerJson } from '../api/answer-json.js'
import { chatDialect } from '../api/chat-dialect.js'
import { completionDialect } from '../api/completion-dialect.js'
import type { Dialect } from '../api/dialect.js'
import { injectedError } from '../api/errors.js'
import { type ApiKind, type GenerationRequest, readGenerationRequest } from '../api/generation-request.js'
import { faultOf } from '../engine/faults.js'
import { type Generation, planAnswers } from '../engine/generation.js'
import { paceOf } from '../engine/pace.js'
import type { Scheduler } from '../engine/scheduler.js'
import type { SimOptions } from '../options.js'
import { AnswerText } from '../text/answer-text.js'
import { EventStream } from './event-stream.js'
import type { Exchange } from './exchange.js'
import { StreamAnswer } from './stream-answer.js'
import { answerWhole } from './whole-answer.js'

const DIALECTS: Readonly<Record<ApiKind, Dialect>> = { completions: completionDialect, chat: chatDialect }

/** Accepts requests for text, decides what becomes of each, and sets it going. */
export class Generator {
  readonly #options: SimOptions
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #text: AnswerText
  /** Generations accepted so far: their order of arrival is what their random draws hang on. */
  #accepted = 0

  constructor(options: SimOptions, clock: Clock, scheduler: Scheduler) {
    this.#options = options
    this.#clock = clock
    this.#scheduler = scheduler
    this.#text = new AnswerText(options.seed)
  }

  /** Starts the answer to a request body. Throws an `ApiError` if the request is refused, or fails on purpose. */
  generate(kind: ApiKind, exchange: Exchange, body: unknown): void {
    const dialect = DIALECTS[kind]
    const request = readGenerationRequest(kind, body, this.#options)
    const generation = this.#plan(request, dialect.idPrefix, exchange)
    exchange.generation = generation
    if (generation.fault?.kind === 'fail') throw injectedError(generation.fault.status)
    const json = new AnswerJson(dialect, generation, this.#text)
    if (!request.stream) {
      answerWhole(exchange, generation, json, this.#scheduler)
      return
    }
    const stream = new EventStream(exchange, this.#scheduler, this.#clock, this.#options)
    new StreamAnswer(exchange, generation, json, stream, this.#scheduler, this.#options).start()
  }

  #plan(request: GenerationRequest, idPrefix: string, exchange: Exchange): Generation {
    const index = this.#accepted++
    const answers = planAnswers(request, index, this.#text, this.#options)
    return {
      id: idPrefix + (exchange.request.headers['x-request-id'] ?? this.#randomId(index)),
      created: Math.floor(this.#clock.wallMs(exchange.receivedMs) / 1000),
      model: this.#options.model,
      request,
      answers,
      steps: answers.reduce((longest, { steps }) => Math.max(longest, steps), 0),
      completionTokens: answers.reduce((sum, { tokens }) => sum + tokens, 0),
      pace: paceOf(this.#options, index, request.promptTokens),
      fault: faultOf(this.#options, index + 1),
    }
  }

  /** 32 hexadecimal digits, like vLLM's random ids, but the same for the same seed. */
  #randomId(index: number): string {
    const draw = generatorAt(this.#options.seed, 'sim-ids', index)
    return Array.from({ length: 4 }, () =>
      Math.floor(draw() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  }
}
