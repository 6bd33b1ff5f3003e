import { Histogram, type HistogramData } from '@llmload/core'
import type { Signals } from '../exit.js'
import { type MeasuredRun, measuredRun } from './measured-run.js'
import type { LadderStep, Quantiles, StepOutcome } from './result.js'

/** A first token that is wrong by more changes what people conclude from it: true ones are 20 … 500 ms. */
export const LIMIT_MS = 5
export const TRUE_TTFT_MS = 50
/** 50 tokens per second and stream, a usual pace of models today. */
export const TRUE_ITL_MS = 20
const ANSWER_TOKENS = 50
const ANSWER_S = (TRUE_TTFT_MS + (ANSWER_TOKENS - 1) * TRUE_ITL_MS) / 1000

const FIRST_STREAMS = 50
/** So many streams give enough answers for percentiles when each is looked at; of more, a part. */
const STREAMS_PER_SAMPLE = 100
const MAX_ANSWERS_PER_SAMPLE = 8
/** The simulator has to deliver at least so much of what was asked for, or the step shows its limit and not the client's. */
const MIN_DELIVERED = 0.9

export interface Fleet {
  readonly workers: number
  readonly simulators: number
  readonly seconds: number
}

/**
 * Doubles the streams until something gives way, then tries the middle between the last load that was
 * measured well and the first that was not. What gives way is tried a second time, and the better one
 * counts: another program of this host may have come between. Sorted by streams.
 */
export async function climb(
  fleet: Fleet,
  maxStreams: number,
  signals: Signals,
  onStep: (step: LadderStep) => void,
): Promise<readonly LadderStep[]> {
  const steps: LadderStep[] = []
  const measure = async (streams: number) => stepOf(streams, await measuredRun(loadOf(streams, fleet), signals))
  const take = async (streams: number): Promise<LadderStep> => {
    const first = await measure(streams)
    const step = first.outcome === 'within' ? first : better(first, await measure(streams))
    steps.push(step)
    onStep(step)
    return step
  }
  for (let streams = FIRST_STREAMS; streams <= maxStreams; streams *= 2) {
    const { outcome } = await take(streams)
    if (outcome === 'within') continue
    if (streams > FIRST_STREAMS) await take(streams * 0.75)
    break
  }
  return steps.sort((a, b) => a.streams - b.streams)
}

function loadOf(streams: number, { workers, simulators, seconds }: Fleet) {
  const lengths = ['--prompt-tokens', '64', '--max-tokens', `${ANSWER_TOKENS}`]
  return {
    ...{ ttftMs: TRUE_TTFT_MS, itlMs: TRUE_ITL_MS, processes: simulators, workers, seconds },
    answersPerSample: Math.min(MAX_ANSWERS_PER_SAMPLE, Math.ceil(streams / STREAMS_PER_SAMPLE)),
    flags: ['--users', `${streams}`, '--spawn-rate', `${streams}`, ...lengths],
  }
}

/** What a run says of its load. */
function stepOf(streams: number, { report, stamps }: MeasuredRun): LadderStep {
  const { requests, metrics } = report
  const tokensPerS = requests.outputTokensPerSecond ?? 0
  const cpuS = stamps.reduce((sum, { cpuS }) => sum + cpuS, 0)
  const errors = {
    firstTokenErrorMs: quantilesOf(stamps.map(({ first }) => first)),
    chunkErrorMs: quantilesOf(stamps.map(({ chunk }) => chunk)),
    endErrorMs: quantilesOf(stamps.map(({ end }) => end)),
  }
  const offeredTokensPerS = (streams * ANSWER_TOKENS) / ANSWER_S
  const delivered = tokensPerS / offeredTokensPerS
  return {
    ...{ streams, offeredTokensPerS, tokensPerS },
    outcome: outcomeOf(Object.values(errors), delivered, requests.failed),
    failedRequests: requests.failed,
    ...errors,
    simulatorLateMs: quantilesOf(stamps.map(({ late }) => late)),
    reportedTtftMs: reported(metrics.time_to_first_token),
    reportedItlMs: reported(metrics.inter_token_latency),
    cpuMsPer1000Tokens: tokensPerS > 0 ? (cpuS * 1e6) / (tokensPerS * report.window.lengthS) : null,
  }
}

/** Nothing measured is beyond every limit. */
function outcomeOf(errors: readonly Quantiles[], delivered: number, failed: number): StepOutcome {
  if (failed > 0) return 'failed'
  if (errors.some(({ p99 }) => p99 === null || p99 > LIMIT_MS)) return 'beyond'
  return delivered < MIN_DELIVERED ? 'simulator' : 'within'
}

function better(a: LadderStep, b: LadderStep): LadderStep {
  if (a.outcome !== b.outcome) return b.outcome === 'within' ? b : a
  return (b.chunkErrorMs.p99 ?? Number.POSITIVE_INFINITY) < (a.chunkErrorMs.p99 ?? Number.POSITIVE_INFINITY) ? b : a
}

function quantilesOf(parts: readonly HistogramData[]): Quantiles {
  const us = new Histogram()
  for (const part of parts) us.merge(part)
  const ms = (value: number) => (Number.isNaN(value) ? null : value / 1000)
  return { n: us.count, p50: ms(us.percentile(50)), p99: ms(us.percentile(99)), max: ms(us.max) }
}

/** A metric of the report in our form. */
export function reported(metric: Omit<Quantiles, 'n'> & { readonly count: number }): Quantiles {
  return { n: metric.count, p50: metric.p50, p99: metric.p99, max: metric.max }
}
