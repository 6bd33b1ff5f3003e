import {
  type RunReport,
  type Stats,
  type SummaryInput,
  type SummaryMetric,
  type SummaryRow,
  summaryMetric,
  summaryRows,
} from '@llmload/core'

/** Rows that llm_bench looks up at the end, which makes them part of Locust's table even where they are empty. */
const ROWS_ALWAYS_THERE = ['latency_per_token', 'num_tokens', 'prompt_tokens', 'time_to_first_token', 'total_latency']

export function addEmptyRows(stats: Stats): void {
  for (const name of ROWS_ALWAYS_THERE) stats.entry('METRIC', name)
}

/**
 * llm_bench's summary of a run. Also of one without an answer, whose `Num Requests` is 0: a sheet of
 * a sweep must not lose the very point at which the server broke down.
 */
export function summaryOf({ plan, requests }: RunReport, stats: Stats): SummaryRow[] {
  return summaryRows({
    target: plan.target,
    sampling: plan.sampling,
    load: plan.load,
    metrics: summaryMetrics(stats),
    numRequests: requests.succeeded,
    qps: requests.sentPerSecond ?? 0,
  })
}

function summaryMetrics(stats: Stats): SummaryInput['metrics'] {
  const rows = [...stats.entries].filter(({ method }) => method === 'METRIC')
  const metric = (wanted: keyof SummaryInput['metrics']): SummaryMetric | undefined => {
    const row = rows.find(({ name }) => name === wanted)
    return row && summaryMetric(row)
  }
  return {
    prompt_tokens: metric('prompt_tokens'),
    generation_tokens: metric('generation_tokens'),
    completion_tokens: metric('completion_tokens'),
    time_to_first_token: metric('time_to_first_token'),
    latency_per_token: metric('latency_per_token'),
    overall_latency_per_token: metric('overall_latency_per_token'),
    total_latency: metric('total_latency'),
    num_tokens: metric('num_tokens'),
    cached_tokens: metric('cached_tokens'),
  }
}
