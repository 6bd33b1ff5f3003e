import type { SimStats } from './counters.js'

/** The page of GET /metrics: the series of vLLM that a load test reads, in Prometheus' text format. */
export function metricsPage(stats: SimStats, model: string): string {
  const label = `engine="0",model_name="${model.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const series = (name: string, type: 'gauge' | 'counter', help: string, samples: Record<string, number>) =>
    [
      `# HELP vllm:${name} ${help}`,
      `# TYPE vllm:${name} ${type}`,
      ...Object.entries(samples).map(([labels, value]) => `vllm:${name}{${labels}} ${value.toFixed(1)}`),
      '',
    ].join('\n')
  return [
    series('num_requests_running', 'gauge', 'Number of requests in model execution batches.', {
      [label]: stats.running,
    }),
    series('num_requests_waiting', 'gauge', 'Number of requests waiting to be processed.', { [label]: 0 }),
    series('prompt_tokens_total', 'counter', 'Number of prefill tokens processed.', { [label]: stats.promptTokens }),
    series('generation_tokens_total', 'counter', 'Number of generation tokens processed.', {
      [label]: stats.sentTokens,
    }),
    series('request_success_total', 'counter', 'Count of successfully processed requests.', {
      [`${label},finished_reason="stop"`]: stats.finished.stop,
      [`${label},finished_reason="length"`]: stats.finished.length,
    }),
  ].join('')
}
