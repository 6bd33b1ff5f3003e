import type { MetricName } from '../metrics/definitions.js'
import type { StatsEntry } from '../metrics/stats-entry.js'
import type { LoadPlan, SamplingPlan, TargetPlan } from '../plan.js'
import { formatInt, padEndCodePoints, pythonFloat } from './python-format.js'

/** The metrics that llm_bench's summary shows. */
export type SummaryMetricName = Extract<
  MetricName,
  | 'prompt_tokens'
  | 'generation_tokens'
  | 'completion_tokens'
  | 'time_to_first_token'
  | 'latency_per_token'
  | 'overall_latency_per_token'
  | 'total_latency'
  | 'num_tokens'
  | 'cached_tokens'
>

export interface SummaryMetric {
  readonly mean: number
  /** Locust's buckets at `SUMMARY_PERCENTILES`. */
  readonly percentiles: readonly number[]
}

export interface SummaryInput {
  readonly target: Pick<TargetPlan, 'provider' | 'model' | 'stream'>
  readonly sampling: Pick<SamplingPlan, 'temperature' | 'logprobs' | 'topK'>
  readonly load: Pick<LoadPlan, 'users' | 'qps' | 'qpsDistribution'>
  /** Metrics that at least one request had. */
  readonly metrics: { readonly [name in SummaryMetricName]?: SummaryMetric | undefined }
  /** Requests with a total latency. */
  readonly numRequests: number
  /** Requests sent per second of the measured window. */
  readonly qps: number
}

/** A label and the text of its value; null where an option was not given: `None` in print, empty in CSV. */
export type SummaryRow = readonly [label: string, value: string | null]

/** The percentiles of the summary, with the names they have there. */
export const SUMMARY_PERCENTILES = [
  ['P50', 0.5],
  ['P90', 0.9],
  ['P95', 0.95],
  ['P99', 0.99],
  ['P99.9', 0.999],
] as const

/** What the summary needs of a METRIC row; undefined if it has no requests. */
export function summaryMetric(entry: StatsEntry): SummaryMetric | undefined {
  if (entry.numRequests === 0) return undefined
  return { mean: entry.avg, percentiles: SUMMARY_PERCENTILES.map(([, p]) => entry.percentile(p)) }
}

/**
 * llm_bench's summary (HEAD 05acc7f, generation modes) in its order. Top K and Cached Tokens have rows
 * only where there is something to say. Without streaming there is no first token, so its mean and
 * Latency Per Token are empty and its percentiles have no rows. Where nothing was answered, Total
 * Latency is empty, for which llm_bench prints zeroes: a sheet would take them for the fastest server.
 */
export function summaryRows({ target, sampling, load, metrics, numRequests, qps }: SummaryInput): SummaryRow[] {
  const firstToken = target.stream ? metrics.time_to_first_token : undefined
  return [
    ['Provider', target.provider],
    ['Model', target.model],
    ['Prompt Tokens', meanText(metrics.prompt_tokens)],
    ['Generation Tokens', meanText(metrics.generation_tokens)],
    ['Completion Tokens', meanText(metrics.completion_tokens)],
    ['Stream', target.stream ? 'True' : 'False'],
    ['Temperature', pythonFloat(sampling.temperature)],
    ['Logprobs', sampling.logprobs === null ? null : formatInt(sampling.logprobs)],
    ...(sampling.topK === null ? [] : [['Top K', formatInt(sampling.topK)] as const]),
    ['Concurrency', concurrencyText(load)],
    ['Time To First Token', meanText(firstToken)],
    ['Latency Per Token', meanText(target.stream ? metrics.latency_per_token : undefined)],
    ['Overall Latency Per Token', meanText(metrics.overall_latency_per_token)],
    ['Total Latency', meanText(metrics.total_latency)],
    ['Num Tokens', meanText(metrics.num_tokens)],
    ...(metrics.cached_tokens ? [['Cached Tokens', meanText(metrics.cached_tokens)] as const] : []),
    ['Num Requests', formatInt(numRequests)],
    ['Qps', pythonFloat(qps)],
    ...(firstToken ? percentileRows('Time To First Token', firstToken) : []),
    ...percentileRows('Total Latency', metrics.total_latency),
  ]
}

function meanText(metric: SummaryMetric | undefined): string {
  return metric ? pythonFloat(metric.mean) : ''
}

function concurrencyText({ qps, qpsDistribution, users }: SummaryInput['load']): string {
  return qps === null ? formatInt(users) : `QPS ${pythonFloat(qps)} ${qpsDistribution}`
}

function percentileRows(label: string, metric: SummaryMetric | undefined): SummaryRow[] {
  return SUMMARY_PERCENTILES.map(([name], i) => [`${name} ${label}`, bucketText(metric?.percentiles[i])])
}

/** Locust 2.18, below llm_bench, rounds to whole milliseconds as an integer and to tens and more as a float. */
function bucketText(bucket: number | undefined): string {
  if (bucket === undefined) return ''
  return bucket < 100 ? formatInt(bucket) : pythonFloat(bucket)
}

/** Of the rules above and below the block. */
const BLOCK_WIDTH = 80

/** The summary as llm_bench prints it; ends in a line end. To be written as it is. */
export function summaryBlock(rows: readonly SummaryRow[]): string {
  const labelWidth = Math.max(...rows.map(([label]) => label.length))
  const lines = rows.map(([label, value]) => `${padEndCodePoints(label, labelWidth)}: ${value ?? 'None'}`)
  return [centred(' Summary '), ...lines, '='.repeat(BLOCK_WIDTH), ''].join('\n')
}

function centred(title: string): string {
  const left = Math.floor((BLOCK_WIDTH - title.length) / 2)
  return ('='.repeat(left) + title).padEnd(BLOCK_WIDTH, '=')
}
