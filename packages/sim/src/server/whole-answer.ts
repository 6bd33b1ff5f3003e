import type { AnswerJson } from '../api/answer-json.js'
import { serverError } from '../api/errors.js'
import type { Task } from '../engine/due-heap.js'
import { faultStep, type Generation } from '../engine/generation.js'
import type { Scheduler } from '../engine/scheduler.js'
import type { Exchange } from './exchange.js'

export interface WholeAnswerDeps {
  readonly exchange: Exchange
  readonly generation: Generation
  readonly json: AnswerJson
  readonly scheduler: Scheduler
  /** The pace changes while it goes, so it is followed token by token. */
  readonly stepwise: boolean
  /** Blank lines go at once, and the answer after them. */
  readonly blankLines: boolean
}

const BLANK_LINES = '\n\n\n'

/** Sends an answer in one piece, when its last token is due. */
export class WholeAnswer implements Task {
  dueMs = Number.NaN
  readonly #deps: WholeAnswerDeps
  readonly #lastStep: number
  #step = 0

  constructor(deps: WholeAnswerDeps) {
    this.#deps = deps
    this.#lastStep = Math.min(faultStep(deps.generation), deps.generation.steps - 1)
  }

  /** The engine begins with it. */
  start(startMs: number): void {
    const { exchange, generation, scheduler, stepwise, blankLines } = this.#deps
    if (blankLines) {
      exchange.sendHeaders(200, { 'content-type': 'application/json' })
      exchange.send(BLANK_LINES, 0)
    }
    this.dueMs = startMs + generation.pace.firstTokenMs
    if (stepwise) scheduler.add(this)
    else this.#plan()
  }

  run(): void {
    if (this.#deps.exchange.ending !== null) return
    if (this.#step < this.#lastStep) this.#plan()
    else this.#finish()
  }

  #plan(): void {
    const { generation, scheduler, stepwise } = this.#deps
    const until = stepwise ? this.#step + 1 : this.#lastStep
    for (; this.#step < until; this.#step++) this.dueMs += generation.pace.nextGapMs()
    scheduler.add(this)
  }

  #finish(): void {
    const { exchange, generation, json, blankLines } = this.#deps
    const { fault, completionTokens } = generation
    switch (fault?.kind) {
      case 'stall':
        return
      case 'die':
        exchange.destroy('injected')
        return
      case 'half-close':
        exchange.halfClose('injected')
        return
      case 'reset':
        exchange.reset('injected')
        return
      case 'error':
        exchange.sendJson(500, JSON.stringify(serverError().body))
        return
      case 'truncate': {
        const text = json.whole()
        exchange.sendJson(200, text.slice(0, text.length / 2))
        return
      }
    }
    exchange.leaveEngine(this.dueMs)
    if (blankLines) exchange.sendRest(json.whole(), completionTokens)
    else exchange.sendJson(200, json.whole(), { tokens: completionTokens })
  }
}
