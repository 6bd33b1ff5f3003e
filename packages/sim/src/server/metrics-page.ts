import type { SimStats } from './counters.js'
import type { BucketCounts, Latencies } from './latencies.js'

const HELP: Readonly<Record<keyof Latencies['histograms'], string>> = {
  time_to_first_token_seconds: 'Histogram of time to first token in seconds.',
  inter_token_latency_seconds: 'Histogram of inter-token latency in seconds.',
  time_per_output_token_seconds: 'Histogram of inter-token latency in seconds, under its old name.',
  request_time_per_output_token_seconds: 'Histogram of time per output token per request in seconds.',
  e2e_request_latency_seconds: 'Histogram of e2e request latency in seconds.',
  request_queue_time_seconds: 'Histogram of time spent in WAITING phase for request.',
}

/** The page of GET /metrics: the series of vLLM that a load test reads, in Prometheus' text format. */
export function metricsPage(stats: SimStats, latencies: Latencies, model: string): string {
  const label = `engine="0",model_name="${model.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const gauge = (name: string, help: string, value: number) =>
    series(name, 'gauge', help, [`vllm:${name}{${label}} ${value.toFixed(1)}`])
  const counter = (name: string, help: string, value: number, more = '') =>
    series(name, 'counter', help, [`vllm:${name}{${label}${more}} ${value.toFixed(1)}`])
  const finished = Object.entries(stats.finished).map(
    ([reason, count]) => `vllm:request_success_total{${label},finished_reason="${reason}"} ${count.toFixed(1)}`,
  )
  return [
    gauge('num_requests_running', 'Number of requests in model execution batches.', stats.running),
    gauge('num_requests_waiting', 'Number of requests waiting to be processed.', stats.waiting),
    counter(
      'prefix_cache_queries_total',
      'Prefix cache queries, in terms of number of queried tokens.',
      stats.cacheQueries,
    ),
    counter('prefix_cache_hits_total', 'Prefix cache hits, in terms of number of cached tokens.', stats.cacheHits),
    counter('prompt_tokens_total', 'Number of prefill tokens processed.', stats.promptTokens),
    counter('generation_tokens_total', 'Number of generation tokens processed.', stats.sentTokens),
    series('request_success_total', 'counter', 'Count of successfully processed requests.', finished),
    ...Object.entries(latencies.histograms).map(([name, counts]) =>
      series(name, 'histogram', HELP[name as keyof typeof HELP], bucketLines(name, label, counts)),
    ),
  ].join('')
}

const series = (name: string, type: string, help: string, lines: readonly string[]): string =>
  [`# HELP vllm:${name} ${help}`, `# TYPE vllm:${name} ${type}`, ...lines, ''].join('\n')

function bucketLines(name: string, label: string, { bounds, counts, sum }: BucketCounts): string[] {
  let upTo = 0
  const buckets = counts.map((count, i) => {
    upTo += count
    const bound = bounds[i]
    const le = bound === undefined ? '+Inf' : Number.isInteger(bound) ? bound.toFixed(1) : String(bound)
    return `vllm:${name}_bucket{${label},le="${le}"} ${upTo.toFixed(1)}`
  })
  return [...buckets, `vllm:${name}_count{${label}} ${upTo.toFixed(1)}`, `vllm:${name}_sum{${label}} ${sum}`]
}
