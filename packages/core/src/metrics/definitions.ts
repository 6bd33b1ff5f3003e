import { isSet, type Timeline } from '../request/timeline.js'

/** One successful request, with its tokens counted. */
export interface MeasuredRequest {
  readonly timeline: Timeline
  /** Generated tokens; null where nothing could count them. */
  readonly tokens: number | null
  /** Prompt tokens: the server's count, else the workload's; null where both are missing. */
  readonly promptTokens: number | null
  readonly stream: boolean
}

export type MetricUnit = 'ms' | 'tokens' | 'tokens/s'

/** Histograms hold integers: microseconds, tokens, thousandths of tokens per second. */
export const UNIT_SCALE: Record<MetricUnit, number> = { ms: 1000, tokens: 1, 'tokens/s': 1000 }

export interface MetricDefinition {
  readonly name: string
  /** Name in our metrics block; null = not shown there. */
  readonly label: string | null
  readonly unit: MetricUnit
  /** Has a METRIC row in the Locust tables, as llm_bench has it. */
  readonly table: boolean
  readonly meaning: string
  readonly formula: string
  /** Which tool defines it so, under which name. */
  readonly sameAs: string
  /** Which requests count: those that were answered in full, or all that were sent. */
  readonly of: 'answered' | 'sent'
  /** The value(s) of one request. An empty list or NaN = this request does not have it. */
  readonly measure: (request: MeasuredRequest) => number | number[]
}

const difference = (fromMs: number, toMs: number): number => toMs - fromMs

/** NaN where the divisor is missing or zero. */
const ratio = (dividend: number, divisor: number | null): number => (divisor ? dividend / divisor : Number.NaN)

function gaps(instantsMs: readonly number[]): number[] {
  return instantsMs.slice(1).map((atMs, i) => atMs - (instantsMs[i] ?? Number.NaN))
}

/**
 * Every metric of a request, once. Tables, JSON, console and `docs/metrics.md` come from here.
 * `sent`, `first token` and so on are the marks of `Timeline`; N is the count of generated tokens.
 */
export const METRICS = [
  {
    name: 'time_to_first_token',
    label: 'TTFT',
    unit: 'ms',
    table: true,
    meaning: 'From sending the request to the first event with generated content, reasoning included. Streams only.',
    formula: 'first token − sent',
    sameAs: 'llm_bench time_to_first_token; vLLM ttft, except that vLLM also takes a first event without text',
    of: 'answered',
    measure: ({ timeline: t }) => difference(t.sentMs, t.firstTokenMs),
  },
  {
    name: 'time_to_first_token_from_intended',
    label: 'TTFT from schedule',
    unit: 'ms',
    table: false,
    meaning: 'TTFT as a user of a service feels it who arrives on schedule: waiting for a free user of ours is inside.',
    formula: 'first token − intended',
    sameAs: 'wrk2 and MLPerf measure latency so',
    of: 'answered',
    measure: ({ timeline: t }) => difference(t.intendedMs, t.firstTokenMs),
  },
  {
    name: 'inter_token_latency',
    label: 'ITL',
    unit: 'ms',
    table: false,
    meaning: 'Gap between one event with generated content and the next of the same answer. One value per gap.',
    formula: 'event(k) − event(k−1)',
    sameAs: 'vLLM itl',
    of: 'answered',
    measure: ({ timeline: t }) => gaps(t.chunkMs),
  },
  {
    name: 'time_per_output_token',
    label: 'TPOT',
    unit: 'ms',
    table: false,
    meaning: 'Mean time per token after the first, one value per request of two tokens or more.',
    formula: '(last token − first token) / (N − 1)',
    sameAs: 'vLLM tpot',
    of: 'answered',
    measure: ({ timeline: t, tokens }) => ratio(difference(t.firstTokenMs, t.lastTokenMs), (tokens ?? 1) - 1),
  },
  {
    name: 'total_latency',
    label: 'E2E',
    unit: 'ms',
    table: true,
    meaning: 'From sending the request to the end of the answer: after usage, [DONE] and the last byte.',
    formula: 'end − sent',
    sameAs: 'llm_bench total_latency',
    of: 'answered',
    measure: ({ timeline: t }) => difference(t.sentMs, t.endMs),
  },
  {
    name: 'total_latency_from_intended',
    label: 'E2E from schedule',
    unit: 'ms',
    table: false,
    meaning: 'E2E with the wait for a free user of ours inside.',
    formula: 'end − intended',
    sameAs: 'wrk2 and MLPerf measure latency so',
    of: 'answered',
    measure: ({ timeline: t }) => difference(t.intendedMs, t.endMs),
  },
  {
    name: 'tokens_per_second',
    label: 'Tokens/s per request',
    unit: 'tokens/s',
    table: false,
    meaning: 'Generated tokens of a request over its whole duration.',
    formula: 'N / (end − sent)',
    sameAs: 'llm_bench tokens_per_second',
    of: 'answered',
    measure: ({ timeline: t, tokens }) => ratio((tokens ?? Number.NaN) * 1000, difference(t.sentMs, t.endMs)),
  },
  {
    name: 'time_to_headers',
    label: 'Headers',
    unit: 'ms',
    table: false,
    meaning: 'From sending the request to the response headers. It is the POST row of a streaming run.',
    formula: 'headers − sent',
    sameAs: 'the POST row of llm_bench when streaming',
    of: 'answered',
    measure: ({ timeline: t }) => difference(t.sentMs, t.headersMs),
  },
  {
    name: 'latency_per_token',
    label: null,
    unit: 'ms',
    table: true,
    meaning: 'Time after the first token per token, end of stream included; divides by N, not N − 1. Streams only.',
    formula: '(end − first token) / N',
    sameAs: 'llm_bench latency_per_token',
    of: 'answered',
    measure: ({ timeline: t, tokens }) => ratio(difference(t.firstTokenMs, t.endMs), tokens),
  },
  {
    name: 'overall_latency_per_token',
    label: null,
    unit: 'ms',
    table: true,
    meaning: 'Whole duration per token.',
    formula: '(end − sent) / N',
    sameAs: 'llm_bench overall_latency_per_token',
    of: 'answered',
    measure: ({ timeline: t, tokens }) => ratio(difference(t.sentMs, t.endMs), tokens),
  },
  {
    name: 'latency_per_char',
    label: null,
    unit: 'ms',
    table: true,
    meaning: 'Time after the first token per character (code point) of generated text. Streams only.',
    formula: '(end − first token) / characters',
    sameAs: 'llm_bench latency_per_char',
    of: 'answered',
    measure: ({ timeline: t }) => ratio(difference(t.firstTokenMs, t.endMs), t.chars),
  },
  {
    name: 'num_tokens',
    label: null,
    unit: 'tokens',
    table: true,
    meaning: 'Generated tokens of a request.',
    formula: 'N',
    sameAs: 'llm_bench num_tokens',
    of: 'answered',
    measure: ({ tokens }) => tokens || Number.NaN,
  },
  {
    name: 'completion_tokens',
    label: null,
    unit: 'tokens',
    table: true,
    meaning: 'The same as num_tokens, under the name of the API.',
    formula: 'N',
    sameAs: 'llm_bench completion_tokens',
    of: 'answered',
    measure: ({ tokens }) => tokens || Number.NaN,
  },
  {
    name: 'generation_tokens',
    label: null,
    unit: 'tokens',
    table: true,
    meaning: 'The same as num_tokens, kept because sheets made from llm_bench read it.',
    formula: 'N',
    sameAs: 'llm_bench generation_tokens',
    of: 'answered',
    measure: ({ tokens }) => tokens || Number.NaN,
  },
  {
    name: 'prompt_tokens',
    label: null,
    unit: 'tokens',
    table: true,
    meaning: 'Tokens of the prompt as the server counted them, else as the workload did.',
    formula: 'usage.prompt_tokens, else the tokenizer’s count',
    sameAs: 'llm_bench prompt_tokens',
    of: 'answered',
    measure: ({ promptTokens }) => promptTokens || Number.NaN,
  },
  {
    name: 'cached_tokens',
    label: null,
    unit: 'tokens',
    table: true,
    meaning: 'Prompt tokens that the server took from its prefix cache, where it says so. Zero is a value.',
    formula: 'usage.prompt_tokens_details.cached_tokens',
    sameAs: 'llm_bench cached_tokens',
    of: 'answered',
    measure: ({ timeline: t }) => t.cachedTokens ?? Number.NaN,
  },
  {
    name: 'schedule_lag',
    label: 'Schedule lag',
    unit: 'ms',
    table: false,
    meaning: 'How late requests were sent against the schedule, whatever the cause. Failed requests count too.',
    formula: 'sent − intended',
    sameAs: 'MLPerf issue_delay',
    of: 'sent',
    measure: ({ timeline: t }) => difference(t.intendedMs, t.sentMs),
  },
] as const satisfies readonly MetricDefinition[]

export type MetricName = (typeof METRICS)[number]['name']

/** The values that a request has of a metric, without the ones that could not be measured. */
export function valuesOf(metric: MetricDefinition, request: MeasuredRequest): number[] {
  const measured = metric.measure(request)
  return (typeof measured === 'number' ? [measured] : measured).filter(isSet)
}
