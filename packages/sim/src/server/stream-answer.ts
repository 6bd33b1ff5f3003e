import type { AnswerJson } from '../api/answer-json.js'
import { STREAM_ERROR_JSON } from '../api/errors.js'
import type { Task } from '../engine/due-heap.js'
import { faultStep, type Generation, tokensInSteps } from '../engine/generation.js'
import type { Scheduler } from '../engine/scheduler.js'
import type { StreamEvent } from '../quirks/quirk.js'
import type { Quirks } from '../quirks/quirks.js'
import type { EventStream } from './event-stream.js'
import type { Exchange } from './exchange.js'

export interface StreamAnswerDeps {
  readonly exchange: Exchange
  readonly generation: Generation
  readonly json: AnswerJson
  readonly stream: EventStream
  readonly scheduler: Scheduler
  readonly quirks: Quirks
  readonly tokensPerChunk: number
}

const DONE: StreamEvent = { kind: 'done', text: '[DONE]' }

const ERROR_EVENTS = `data: ${STREAM_ERROR_JSON}\n\ndata: [DONE]\n\n`

/**
 * Sends an answer as events, each when its last token is due. Due times add up from the start of
 * the request, so a late chunk does not delay those after it.
 */
export class StreamAnswer implements Task {
  dueMs = Number.NaN
  readonly #deps: StreamAnswerDeps
  /** The step at which the fault strikes instead of a token; always within the answer. */
  readonly #faultAt: number
  /** The next chunk: steps from … to - 1. */
  #from = 0
  #to = 0
  /** That chunk, and what ends the answer if it is the last: when it is due, nothing but the write is left to do. */
  #chunk = ''
  #ending = ''

  constructor(deps: StreamAnswerDeps) {
    this.#deps = deps
    this.#faultAt = faultStep(deps.generation)
  }

  /** The engine begins with it. */
  start(startMs: number): void {
    this.dueMs = startMs
    this.#planNext()
  }

  run(): void {
    const { exchange, stream, generation } = this.#deps
    if (exchange.ending !== null) return
    if (this.#from === this.#faultAt) {
      this.#spoil()
      return
    }
    const { answers, steps } = generation
    stream.send(this.#chunk, tokensInSteps(answers, this.#from, this.#to))
    this.#from = this.#to
    if (this.#from < steps) {
      this.#planNext()
      return
    }
    exchange.leaveEngine(this.dueMs)
    stream.end(this.#ending, 'finished')
  }

  /** The first token and the last ones do not wait until a chunk is full: nor do they at vLLM. */
  #planNext(): void {
    const { generation, tokensPerChunk, scheduler } = this.#deps
    const { steps, pace } = generation
    const alone = this.#from === 0 || this.#from === this.#faultAt
    const size = alone ? 1 : tokensPerChunk
    const bound = this.#from < this.#faultAt ? Math.min(this.#faultAt, steps) : steps
    this.#to = Math.min(this.#from + size, bound)
    for (let step = this.#from; step < this.#to; step++) {
      this.dueMs += step === 0 ? pace.firstTokenMs : pace.nextGapMs()
    }
    scheduler.add(this)
    if (this.#from !== this.#faultAt) this.#frameNext()
  }

  #frameNext(): void {
    const { stream, generation } = this.#deps
    const events = this.#nextEvents()
    const endAt = this.#to < generation.steps ? events.length : events.findIndex(isEnding)
    const cutAt = endAt < 0 ? events.length : endAt
    this.#chunk = stream.frame(events.slice(0, cutAt))
    this.#ending = stream.frame(events.slice(cutAt))
  }

  #nextEvents(): readonly StreamEvent[] {
    const { json, generation, quirks } = this.#deps
    const asEvents = (kind: StreamEvent['kind'], texts: readonly string[]) => texts.map((text) => ({ kind, text }))
    const events = [
      ...(this.#from === 0 ? asEvents('opening', json.opening()) : []),
      ...asEvents('chunk', json.chunks(this.#from, this.#to)),
    ]
    if (this.#to >= generation.steps) {
      if (generation.request.includeUsage) events.push({ kind: 'usage', text: json.usageChunk() })
      events.push(DONE)
    }
    return quirks.rewrite(events, this.#from === 0)
  }

  #spoil(): void {
    const { exchange, stream, generation, quirks } = this.#deps
    stream.flush()
    switch (generation.fault?.kind) {
      case 'die':
        exchange.destroy('injected')
        break
      case 'reset':
        exchange.reset('injected')
        break
      case 'half-close':
        exchange.halfClose('injected')
        break
      case 'error':
        stream.end(stream.frame([{ kind: 'raw', text: quirks.get('errorEvents') ?? ERROR_EVENTS }]), 'injected')
        break
      case 'truncate': {
        const event = stream.frame(this.#nextEvents())
        stream.end(event.slice(0, event.length / 2), 'injected')
      }
    }
  }
}

const isEnding = ({ kind }: StreamEvent): boolean => kind === 'usage' || kind === 'done'
