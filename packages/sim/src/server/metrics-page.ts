import type { SimStats } from './counters.js'
import type { NamedHistogram } from './request-histograms.js'

export interface MetricsPageFacts {
  readonly model: string
  /** Unix seconds at which the simulator started. */
  readonly startedS: number
  readonly stats: SimStats
  readonly histograms: readonly NamedHistogram[]
}

/** Counters that stay 0, for the simulator has nothing of the kind. */
const ALWAYS_ZERO = {
  external_prefix_cache_queries:
    'External prefix cache queries from KV connector cross-instance cache sharing, in terms of number of queried tokens.',
  external_prefix_cache_hits:
    'External prefix cache hits from KV connector cross-instance cache sharing, in terms of number of cached tokens.',
  mm_cache_queries: 'Multi-modal cache queries, in terms of number of queried items.',
  mm_cache_hits: 'Multi-modal cache hits, in terms of number of cached items.',
  num_preemptions: 'Cumulative number of preemption from the engine.',
}

const SLEEP_HELP =
  'Engine sleep state; awake = 0 means engine is sleeping; awake = 1 means engine is awake; weights_offloaded = 1 means sleep level 1; discard_all = 1 means sleep level 2.'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [more: Labels, value: number]

/**
 * The page of GET /metrics, as Prometheus' Python client writes that of vLLM 0.15.1: names, types,
 * labels and words are the same. What only an engine with memory and steps could say is left out:
 * `kv_cache_usage_perc`, `cache_config_info` and `iteration_tokens_total`.
 */
export function metricsPage({ model, startedS, stats, histograms }: MetricsPageFacts): string {
  const page = new Page({ engine: '0', model_name: model }, startedS)
  page.gauge('num_requests_running', 'Number of requests in model execution batches.', stats.running)
  page.gauge('num_requests_waiting', 'Number of requests waiting to be processed.', stats.waiting)
  const sleep = { awake: 1, weights_offloaded: 0, discard_all: 0 }
  page.series('engine_sleep_state', 'gauge', SLEEP_HELP, by('sleep_state', sleep))
  const cached = 'in terms of number of'
  page.counter('prefix_cache_queries', `Prefix cache queries, ${cached} queried tokens.`, stats.cacheQueries)
  page.counter('prefix_cache_hits', `Prefix cache hits, ${cached} cached tokens.`, stats.cacheHits)
  for (const [name, help] of Object.entries(ALWAYS_ZERO)) page.counter(name, help, 0)
  page.counter('prompt_tokens', 'Number of prefill tokens processed.', stats.promptTokens)
  page.counter('generation_tokens', 'Number of generation tokens processed.', stats.sentTokens)
  const finished = { stop: stats.finished.stop, length: stats.finished.length, abort: 0, error: 0 }
  page.counter('request_success', 'Count of successfully processed requests.', by('finished_reason', finished))
  for (const histogram of histograms) page.histogram(histogram)
  return page.text
}

const by = (label: string, values: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(values).map(([name, value]) => [{ [label]: name }, value])

class Page {
  text = ''
  readonly #labels: Labels
  readonly #startedS: number

  constructor(labels: Labels, startedS: number) {
    this.#labels = labels
    this.#startedS = startedS
  }

  gauge(name: string, help: string, value: number): void {
    this.series(name, 'gauge', help, [[{}, value]])
  }

  counter(name: string, help: string, value: number | readonly Sample[]): void {
    const samples: readonly Sample[] = typeof value === 'number' ? [[{}, value]] : value
    this.series(`${name}_total`, 'counter', help, samples)
    this.#created(name, help, samples)
  }

  histogram({ name, help, counts: { bounds, counts, sum } }: NamedHistogram): void {
    this.#head(name, 'histogram', help)
    let upTo = 0
    counts.forEach((count, i) => {
      upTo += count
      this.#sample(`${name}_bucket`, { le: goFloat(bounds[i] ?? Number.POSITIVE_INFINITY) }, upTo)
    })
    this.#sample(`${name}_count`, {}, upTo)
    this.#sample(`${name}_sum`, {}, sum)
    this.#created(name, help, [[{}, 0]])
  }

  series(name: string, type: string, help: string, samples: readonly Sample[]): void {
    this.#head(name, type, help)
    for (const [more, value] of samples) this.#sample(name, more, value)
  }

  /** Since when something is counted. */
  #created(name: string, help: string, samples: readonly Sample[]): void {
    this.series(
      `${name}_created`,
      'gauge',
      help,
      samples.map(([more]) => [more, this.#startedS]),
    )
  }

  #head(name: string, type: string, help: string): void {
    this.text += `# HELP vllm:${name} ${help}\n# TYPE vllm:${name} ${type}\n`
  }

  #sample(name: string, more: Labels, value: number): void {
    const labels = Object.entries({ ...this.#labels, ...more }).sort(([a], [b]) => (a < b ? -1 : 1))
    const text = labels.map(([label, text]) => `${label}="${escaped(text)}"`).join()
    this.text += `vllm:${name}{${text}} ${goFloat(value)}\n`
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** A number as Prometheus' Python client writes it: 1.0, 2560.0, 1.7955926e+09, +Inf. */
function goFloat(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  const text = Number.isInteger(value) ? `${value}.0` : String(value)
  const dot = text.indexOf('.')
  if (value <= 0 || dot <= 6) return text
  const mantissa = `${text.slice(0, 1)}.${text.slice(1, dot)}${text.slice(dot + 1)}`.replace(/[0.]+$/, '')
  return `${mantissa}e+${String(dot - 1).padStart(2, '0')}`
}
