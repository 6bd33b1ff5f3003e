import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { StatsEntry } from '../metrics/stats-entry.js'
import { csvRow } from './csv.js'
import { type SummaryInput, summaryBlock, summaryMetric, summaryRows } from './summary-block.js'

/** Summaries that llm_bench printed, with the values that it printed them of. */
const LLM_BENCH: { run: string; input: SummaryInput; block: string[]; csv: string }[] = JSON.parse(
  readFileSync(new URL('fixtures/llm-bench-summaries.json', import.meta.url), 'utf8'),
)

const measured = LLM_BENCH.filter(({ input }) => input.metrics.total_latency)

test('a run without any answer has no latency where llm_bench has one of 0 ms', () => {
  const [silent, ...others] = LLM_BENCH.filter(({ input }) => !input.metrics.total_latency)
  expect(others).toEqual([])
  const printed = silent?.block.map((line) => line.replace(/^(.*Total Latency *: )0(\.0)?$/, '$1'))
  expect(printed).not.toEqual(silent?.block)
  expect(silent && summaryBlock(summaryRows(silent.input))).toBe(printed?.join('\n'))
})

describe.each(measured)('summary of $run', ({ input, block, csv }) => {
  const rows = summaryRows(input)

  test('prints what llm_bench prints', () => {
    expect(summaryBlock(rows)).toBe(block.join('\n'))
  })

  test('is the CSV row that llm_bench writes', () => {
    expect(csvRow(rows.map(([label]) => label)) + csvRow(rows.map(([, value]) => value ?? ''))).toBe(csv)
  })
})

describe('summaryMetric', () => {
  test('takes mean and percentiles of a METRIC row', () => {
    const entry = new StatsEntry('METRIC', 'time_to_first_token')
    for (const ms of [57.25, 57.5, 190]) entry.log(ms, 0)
    expect(summaryMetric(entry)).toEqual({ mean: 304.75 / 3, percentiles: [58, 190, 190, 190, 190] })
  })

  test('a row without requests has no metric', () => {
    expect(summaryMetric(new StatsEntry('METRIC', 'num_tokens'))).toBeUndefined()
  })
})

test('a rate that is no whole number and logprobs that are asked for are shown', () => {
  const rows = new Map(
    summaryRows({
      target: { provider: 'openai', model: 'm', stream: true },
      sampling: { temperature: 0.7, logprobs: 5, topK: null },
      load: { users: 10, qps: 0.25, qpsDistribution: 'exponential' },
      metrics: {},
      numRequests: 0,
      qps: 0,
    }),
  )
  expect([rows.get('Concurrency'), rows.get('Logprobs'), rows.get('Temperature')]).toEqual([
    'QPS 0.25 exponential',
    '5',
    '0.7',
  ])
})
