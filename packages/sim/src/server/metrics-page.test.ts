import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { startSim } from '../sim.js'

/** A family of series of `GET /metrics`. */
interface Family {
  readonly help: string
  readonly type: string
  /** Names of its series, each with the names of its labels in their order. */
  readonly series: Record<string, string[]>
  readonly le?: string[]
  readonly finished_reason?: string[]
  readonly sleep_state?: string[]
}

/** What vLLM 0.15.1 sent, with a context of 4096 tokens. */
const VLLM: Record<string, Family> = JSON.parse(
  readFileSync(new URL('fixtures/vllm-0.15.1-metrics.json', import.meta.url), 'utf8'),
)

/** The page after some requests, by family, and the value of each series. */
async function scrape(...bodies: object[]): Promise<{ families: Record<string, Family>; values: Map<string, string> }> {
  const sim = await startSim({ port: 0, ttftMs: 20, itlMs: 5, contextLength: 4096, model: 'a "b"\\' })
  for (const body of bodies) {
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    await (await fetch(`${sim.url}/v1/completions`, request)).text()
  }
  const response = await fetch(`${sim.url}/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=1.0.0; charset=utf-8')
  const page = await response.text()
  await sim.close()
  return read(page)
}

function read(page: string) {
  const families: Record<string, Family> = {}
  const values = new Map<string, string>()
  for (const line of page.trimEnd().split('\n')) {
    const [, kind, name = '', words = ''] = /^# (HELP|TYPE) vllm:(\S+) (.*)$/.exec(line) ?? []
    if (kind === 'HELP') families[name] = { help: words, type: '', series: {} }
    else if (kind === 'TYPE') families[name] = { ...families[name], type: words } as Family
    else addSample(Object.values(families).at(-1), values, line)
  }
  return { families, values }
}

function addSample(family: Family | undefined, values: Map<string, string>, line: string): void {
  const [, name = '', labels = '', value = ''] = /^vllm:(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [line]
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])
  expect(Object.fromEntries(pairs)).toMatchObject({ engine: '0', model_name: 'a \\"b\\"\\\\' })
  if (family === undefined) throw new Error(`a sample before its family: ${line}`)
  family.series[name] = pairs.map(([label = '']) => label)
  const own = pairs.filter(([label = '']) => !['engine', 'model_name'].includes(label))
  for (const [label, text] of own) Object.assign(family, { [`${label}`]: [...(family[label as 'le'] ?? []), text] })
  values.set([name, ...own.map(([, text]) => text)].join(' '), value)
}

describe('GET /metrics', () => {
  test('has names, types, words, labels and buckets of vLLM, but for what it cannot know', async () => {
    const { families } = await scrape()
    const { iteration_tokens_total, iteration_tokens_total_created, kv_cache_usage_perc, ...known } = VLLM
    expect(families).toEqual(known)
  })

  test('counts each of several answers as vLLM does', async () => {
    const prompt = 'a b c'
    const one = { prompt, max_tokens: 1, ignore_eos: true }
    const two = { prompt, max_tokens: 4, ignore_eos: true, n: 2, stream: true }
    const { values } = await scrape(one, two)
    const numbers = (...names: string[]) => names.map((name) => Number(values.get(name)))
    expect(numbers('prompt_tokens_total', 'generation_tokens_total')).toEqual([9, 9])
    expect(numbers('request_success_total length', 'request_success_total stop')).toEqual([3, 0])
    expect(numbers('request_prompt_tokens_sum', 'request_generation_tokens_sum')).toEqual([9, 9])
    expect(numbers('request_params_n_count', 'request_params_n_sum')).toEqual([2, 3])
    expect(numbers('request_max_num_generation_tokens_count', 'request_params_max_tokens_sum')).toEqual([2, 9])
    expect(numbers('time_to_first_token_seconds_count', 'inter_token_latency_seconds_count')).toEqual([3, 6])
    // One token has no time per token, but a value: 0.
    const TPOT = 'request_time_per_output_token_seconds'
    expect(values.get(`${TPOT}_count`)).toBe('3.0')
    expect(Number(values.get(`${TPOT}_bucket 0.01`))).toBeGreaterThanOrEqual(1)
    const [queued = 0, prefill = 0, decode = 0, inference = 0, whole = 0] = numbers(
      ...['queue', 'prefill', 'decode', 'inference'].map((phase) => `request_${phase}_time_seconds_sum`),
      'e2e_request_latency_seconds_sum',
    )
    expect(queued).toBe(0)
    expect(prefill).toBeGreaterThan(0.06)
    expect(decode).toBeGreaterThan(0)
    expect(prefill + decode).toBeCloseTo(inference, 9)
    expect(whole).toBeGreaterThanOrEqual(inference)
  })

  test('writes numbers as Prometheus’ client for Python does', async () => {
    const { values } = await scrape()
    expect(values.get('prompt_tokens_total')).toBe('0.0')
    expect(values.get('prompt_tokens_created')).toMatch(/^1\.\d+e\+09$/)
    expect([...values.keys()].filter((name) => /^e2e_request_latency_seconds_bucket /.test(name)).at(-1)).toMatch(
      /\+Inf$/,
    )
  })
})
