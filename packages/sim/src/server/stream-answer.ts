import type { AnswerJson } from '../api/answer-json.js'
import { STREAM_ERROR_JSON } from '../api/errors.js'
import type { Task } from '../engine/due-heap.js'
import { faultStep, type Generation, tokensInSteps } from '../engine/generation.js'
import type { Scheduler } from '../engine/scheduler.js'
import type { EventStream } from './event-stream.js'
import type { Exchange } from './exchange.js'

export interface StreamAnswerOptions {
  readonly tokensPerChunk: number
  /** Usage is left out even where it was asked for. */
  readonly noUsage: boolean
}

/**
 * Sends an answer as events, each when its last token is due. Due times add up from the receipt of
 * the request, so a late chunk does not delay those after it.
 */
export class StreamAnswer implements Task {
  dueMs: number
  readonly #exchange: Exchange
  readonly #generation: Generation
  readonly #json: AnswerJson
  readonly #stream: EventStream
  readonly #scheduler: Scheduler
  readonly #options: StreamAnswerOptions
  /** The step at which the fault strikes instead of a token; always within the answer. */
  readonly #faultAt: number
  /** The next chunk: steps from … to - 1. */
  #from = 0
  #to = 0
  /** That chunk, ready to be written: when it is due, nothing but the write is left to do. */
  #events = ''

  constructor(
    exchange: Exchange,
    generation: Generation,
    json: AnswerJson,
    stream: EventStream,
    scheduler: Scheduler,
    options: StreamAnswerOptions,
  ) {
    this.#exchange = exchange
    this.#generation = generation
    this.#json = json
    this.#stream = stream
    this.#scheduler = scheduler
    this.#options = options
    this.#faultAt = faultStep(generation)
    this.dueMs = exchange.receivedMs
  }

  start(): void {
    this.#stream.open()
    this.#planNext()
  }

  run(): void {
    if (this.#exchange.ending !== null) return
    if (this.#from === this.#faultAt) {
      this.#spoil()
      return
    }
    const { answers, steps } = this.#generation
    this.#stream.send(this.#events, tokensInSteps(answers, this.#from, this.#to))
    this.#from = this.#to
    if (this.#from < steps) this.#planNext()
    else this.#finish()
  }

  /** The first token and the last ones do not wait until a chunk is full: nor do they at vLLM. */
  #planNext(): void {
    const { steps, pace } = this.#generation
    const alone = this.#from === 0 || this.#from === this.#faultAt
    const size = alone ? 1 : this.#options.tokensPerChunk
    const bound = this.#from < this.#faultAt ? Math.min(this.#faultAt, steps) : steps
    this.#to = Math.min(this.#from + size, bound)
    for (let step = this.#from; step < this.#to; step++) {
      this.dueMs += step === 0 ? pace.firstTokenMs : pace.nextGapMs()
    }
    this.#scheduler.add(this)
    if (this.#from !== this.#faultAt) this.#events = this.#stream.frame(this.#nextTexts())
  }

  #nextTexts(): string[] {
    const chunks = this.#json.chunks(this.#from, this.#to)
    return this.#from === 0 ? [...this.#json.opening(), ...chunks] : chunks
  }

  #finish(): void {
    const usage = this.#generation.request.includeUsage && !this.#options.noUsage ? [this.#json.usageChunk()] : []
    this.#stream.end([...usage, '[DONE]'], 'finished')
  }

  #spoil(): void {
    const kind = this.#generation.fault?.kind
    if (kind === 'die') this.#exchange.destroy('injected')
    if (kind === 'error') this.#stream.end([STREAM_ERROR_JSON, '[DONE]'], 'injected')
  }
}
