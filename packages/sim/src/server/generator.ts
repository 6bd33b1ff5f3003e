import { type Clock, generatorAt } from '@llmload/core'
import { AnswerJson } from '../api/answer-json.js'
import { chatDialect } from '../api/chat-dialect.js'
import { completionDialect } from '../api/completion-dialect.js'
import type { Dialect } from '../api/dialect.js'
import { injectedError } from '../api/errors.js'
import { type ApiKind, type GenerationRequest, readGenerationRequest } from '../api/generation-request.js'
import type { Batch } from '../engine/batch.js'
import { faultOf } from '../engine/faults.js'
import { type Generation, planAnswers } from '../engine/generation.js'
import { paceOf } from '../engine/pace.js'
import type { PrefixCache } from '../engine/prefix-cache.js'
import type { Scheduler } from '../engine/scheduler.js'
import type { SimOptions } from '../options.js'
import { Quirks } from '../quirks/quirks.js'
import { AnswerText } from '../text/answer-text.js'
import { EventStream } from './event-stream.js'
import type { Exchange } from './exchange.js'
import { STAMP_FIELD } from './stamps.js'
import { StreamAnswer } from './stream-answer.js'
import { WholeAnswer } from './whole-answer.js'

const DIALECTS: Readonly<Record<ApiKind, Dialect>> = { completions: completionDialect, chat: chatDialect }

export interface GeneratorDeps {
  readonly options: SimOptions
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly batch: Batch
  readonly cache: PrefixCache
}

/** Accepts requests for text, decides what becomes of each, and sets it going. */
export class Generator {
  readonly #deps: GeneratorDeps
  readonly #quirks: Quirks
  readonly #text: AnswerText
  /** Generations accepted so far: their order of arrival is what their random draws hang on. */
  #accepted = 0

  constructor(deps: GeneratorDeps) {
    this.#deps = deps
    this.#quirks = new Quirks(deps.options.quirk)
    this.#text = new AnswerText(deps.options.seed)
  }

  /** Starts the answer to a request body. Throws an `ApiError` if the request is refused, or fails on purpose. */
  generate(kind: ApiKind, exchange: Exchange, body: unknown): void {
    const { options, batch } = this.#deps
    const dialect = DIALECTS[kind]
    const request = { ...readGenerationRequest(kind, body, options), ...this.#quirks.request }
    const answer = this.#quirks.get('answer')
    if (answer) {
      answer(exchange)
      return
    }
    const generation = this.#plan(request, dialect.idPrefix, exchange)
    exchange.generation = generation
    if (generation.fault?.kind === 'fail') throw injectedError(generation.fault.status)
    const json = new AnswerJson(dialect, generation, this.#text, options.stampChunks ? STAMP_FIELD : '')
    const start = this.#answer(exchange, generation, json)
    const seat = {
      sequences: generation.answers.length,
      receivedMs: exchange.receivedMs,
      start: (startMs: number) => {
        exchange.startMs = startMs
        start(startMs)
      },
    }
    exchange.leaveEngine = (atMs) => batch.leave(seat, atMs)
    batch.join(seat)
  }

  /** What is to be called when the engine begins with it. A stream is opened at once, even if it has to wait. */
  #answer(exchange: Exchange, generation: Generation, json: AnswerJson): (startMs: number) => void {
    const { options, clock, scheduler } = this.#deps
    const quirks = this.#quirks
    if (!generation.request.stream) {
      const stepwise = options.itlUsPerSequence > 0
      const blankLines = quirks.get('blankLines') ?? false
      const answer = new WholeAnswer({ exchange, generation, json, scheduler, stepwise, blankLines })
      return (startMs) => answer.start(startMs)
    }
    const stream = new EventStream(exchange, scheduler, clock, quirks, options.pingMs)
    stream.open()
    const { tokensPerChunk } = options
    const answer = new StreamAnswer({ exchange, generation, json, stream, scheduler, quirks, tokensPerChunk })
    return (startMs) => answer.start(startMs)
  }

  #plan(request: GenerationRequest, idPrefix: string, exchange: Exchange): Generation {
    const { options, clock, cache, batch } = this.#deps
    const index = this.#accepted++
    const answers = planAnswers(request, index, this.#text, options)
    const cachedTokens = cache.isOn ? sum(request.prompts.map((prompt) => cache.lookUp(prompt.ids()))) : null
    return {
      id: idPrefix + (exchange.request.headers['x-request-id'] ?? this.#randomId(index)),
      created: Math.floor(clock.wallMs(exchange.receivedMs) / 1000),
      model: options.model,
      request,
      answers,
      steps: answers.reduce((longest, { steps }) => Math.max(longest, steps), 0),
      completionTokens: sum(answers.map(({ tokens }) => tokens)),
      cachedTokens,
      pace: paceOf(options, index, request.promptTokens - (cachedTokens ?? 0), () => batch.sequences),
      fault: faultOf(options, index + 1) ?? this.#quirks.get('fault') ?? null,
    }
  }

  /** 32 hexadecimal digits, like vLLM's random ids, but the same for the same seed. */
  #randomId(index: number): string {
    const draw = generatorAt(this.#deps.options.seed, 'sim-ids', index)
    return Array.from({ length: 4 }, () =>
      Math.floor(draw() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
