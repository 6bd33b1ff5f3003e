import type { Plan } from '../plan.js'
import { ODDITIES, type Oddity } from '../request/oddity.js'
import type { ReportedMetric, ReportedWorker, RunReport } from './run-report.js'

/** The part of a report that is looked at. */
export interface AnswerFacts {
  readonly requests: Pick<RunReport['requests'], 'sent' | 'oddities' | 'tokenChecks'>
  readonly metrics: { readonly retry_after: Pick<ReportedMetric, 'count' | 'min' | 'max'> }
  readonly workers: readonly Pick<ReportedWorker, 'tokenizer'>[]
  readonly plan: {
    readonly target: Pick<Plan['target'], 'chat'>
    readonly workload: Pick<Plan['workload'], 'tokenizer'>
  }
}

/** What is said of so many requests. */
const ODDITY_WORDS: Record<Oddity, string> = {
  not_streamed:
    'the answer came in one piece, though a stream was asked for: what they say of first tokens and gaps is not of the model',
  compressed:
    'the answer came compressed, though that was not asked for: times of events are those of the decompressor’s blocks',
  without_done: 'the stream ended without [DONE], but with a finish_reason: taken as complete',
  resent:
    'the idle connection that they went out on was closed: sent a second time, with the wait inside their latency',
}

/**
 * Part of the generated tokens by which the two counts may differ unsaid: the end of an answer is a
 * token without text, and a text that is cut into tokens again need not fall into the same ones.
 */
const ANSWER_TOLERANCE = 0.05

/** What servers did otherwise than asked, in sentences. */
export function answerNotes(facts: AnswerFacts): string[] {
  return [...oddityNotes(facts), ...retryNotes(facts), ...promptNotes(facts), ...usageNotes(facts)]
}

function oddityNotes({ requests: { oddities, sent } }: AnswerFacts): string[] {
  return ODDITIES.flatMap((oddity) => {
    const requests = oddities[oddity] ?? 0
    return requests > 0 ? [`of ${requests} in ${sent} requests ${ODDITY_WORDS[oddity]}`] : []
  })
}

function retryNotes({ metrics: { retry_after }, requests: { sent } }: AnswerFacts): string[] {
  const { count, min, max } = retry_after
  if (count === 0) return []
  const range = min === max ? seconds(min) : `${seconds(min)} to ${seconds(max)}`
  return [
    `${count} of ${sent} requests were refused until ${range} later (Retry-After): llmload sends nothing again, and keeps to its schedule`,
  ]
}

/**
 * Without tolerance: prompts are counted with the special tokens or the chat template around them, so
 * the server's count is another one only if it has another tokenizer or puts something else around them.
 */
function promptNotes({ requests: { tokenChecks }, workers, plan }: AnswerFacts): string[] {
  const check = tokenChecks.prompt
  if (check === undefined || check.different === 0) return []
  const { requests, different, own, server, leastSurplus, mostSurplus } = check
  const tokenizer = workers.find((worker) => worker.tokenizer !== null)?.tokenizer ?? 'the tokenizer'
  const made = `prompts were made for ${mean(own, requests)} tokens by ${tokenizer}`
  if (different === requests && leastSurplus === mostSurplus) {
    const around = plan.target.chat ? 'another chat template' : 'other special tokens'
    return [
      `${made}, the server counted ${surplusWords(leastSurplus)} in each: it puts ${around} around them, or has another tokenizer`,
    ]
  }
  const range = `${surplusWords(leastSurplus)} to ${surplusWords(mostSurplus)}`
  const why = plan.workload.tokenizer === null ? 'its usage is another count' : 'the tokenizer is not the server’s'
  const which = different === requests ? 'each' : `${different} of ${requests}`
  return [
    `${made}, the server counted ${mean(server, requests)} on average (${range}; another number in ${which}): ${why}`,
  ]
}

function usageNotes({ requests: { tokenChecks } }: AnswerFacts): string[] {
  const check = tokenChecks.answer
  if (check === undefined || Math.abs(check.server - check.own) <= ANSWER_TOLERANCE * check.server) return []
  const { requests, own, server } = check
  const percent = ((own / server - 1) * 100).toFixed(1)
  return [
    `the server’s usage has ${server} generated tokens in ${requests} answers, of which the tokenizer finds ${own} (${percent} %) in the texts: usage counts here`,
  ]
}

const seconds = (ms: number | null): string => `${Number(((ms ?? 0) / 1000).toFixed(1))} s`
const mean = (sum: number, count: number): number => Number((sum / count).toFixed(1))
const surplusWords = (surplus: number): string => `${Math.abs(surplus)} ${surplus < 0 ? 'less' : 'more'}`
