import type { AnswerJson } from '../api/answer-json.js'
import { serverError } from '../api/errors.js'
import { faultStep, type Generation } from '../engine/generation.js'
import type { Scheduler } from '../engine/scheduler.js'
import type { Exchange } from './exchange.js'

/** Sends an answer in one piece, when its last token is due. */
export function answerWhole(exchange: Exchange, generation: Generation, json: AnswerJson, scheduler: Scheduler): void {
  const { pace, steps, fault, completionTokens } = generation
  const lastStep = Math.min(faultStep(generation), steps - 1)
  let dueMs = exchange.receivedMs + pace.firstTokenMs
  for (let step = 1; step <= lastStep; step++) dueMs += pace.nextGapMs()
  const run = () => {
    if (exchange.ending !== null || fault?.kind === 'stall') return
    if (fault?.kind === 'die') exchange.destroy('injected')
    else if (fault?.kind === 'error') exchange.sendJson(500, JSON.stringify(serverError().body))
    else exchange.sendJson(200, json.whole(), { tokens: completionTokens })
  }
  scheduler.add({ dueMs, run })
}
