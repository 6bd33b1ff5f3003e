import { describe, expect, test } from 'vitest'
import { plan } from '../../../../test/support/plan.js'
import { METRICS } from '../metrics/definitions.js'
import { Stats } from '../metrics/stats.js'
import { NO_HEALTH, withSecond } from '../verdict/health-totals.js'
import { buildReport, type RunRecord, type WorkerRecord } from './build-report.js'
import { metricRows } from './metric-rows.js'
import { type RunReport, runReport, runReportJsonSchema } from './run-report.js'
import { totalRows } from './table-rows.js'

const PLAN = plan({ load: { users: 100, spawnRate: 100, qps: 1, runTimeS: 120 } })

const CALM = {
  stampDelayMs: 0,
  loopDelayMaxMs: 3,
  gcMs: 1,
  gcMaxMs: 1,
  throttledMs: null,
  stealShare: null,
  memoryLimitBytes: 1e9,
}

const WORKER: WorkerRecord = {
  id: 'w',
  host: 'box',
  pid: 1,
  joinedAtS: null,
  loadShare: 1,
  shares: [{ fromS: 0, loadShare: 1 }],
  away: [],
  counts: { sent: 120, succeeded: 120, failed: 0, censored: 0 },
  lateByMs: 1,
  clock: { offsetMs: 0, errorMs: 0.1, driftPpm: null, driftErrorPpm: null },
  deltas: 120,
  missingDeltas: 0,
  lost: null,
  leftAtS: null,
  tokenizer: 'by hand',
  warnings: [],
  health: [
    { ...CALM, elu: 0.1, loopDelayP99Ms: 1, cpuCores: 0.2, rssBytes: 100 },
    { ...CALM, elu: 0.3, loopDelayP99Ms: 3, cpuCores: 0.4, rssBytes: 300 },
  ].reduce(withSecond, NO_HEALTH),
}

/** The guide's run: a request a second for two minutes. */
function guideStats(): Stats {
  const stats = new Stats()
  Object.assign(stats.counts, { sent: 120, succeeded: 120, outputTokens: 12_000, inputTokens: 120_000 })
  for (let i = 0; i < 120; i++) stats.histogram('prompt_tokens').record(1000)
  stats.tokenSources.set('usage', 120)
  for (let i = 1; i <= 120; i++) {
    stats.entry('POST', '/v1/completions').log(8.9, 100)
    stats.histogram('total_latency').record((500 + i) * 1000)
    stats.histogram('schedule_lag').record(500)
    stats.entry('METRIC', 'num_tokens').log(100, 0)
  }
  stats.entry('GET', '/v1/models')
  return stats
}

const build = (overrides: Partial<RunRecord> = {}): RunReport =>
  buildReport({
    plan: PLAN,
    version: '1.2.3',
    stages: [],
    environment: {
      node: 'v22.0.0',
      os: 'Linux 6',
      arch: 'x64',
      cpus: 'CPU',
      cpuCount: 2,
      memoryBytes: 8e9,
      host: 'box',
    },
    window: { phase: 'measured', startedAtMs: 1_000_000, endedAtMs: 1_120_000, endedBy: 'run-time', endReason: null },
    changes: [],
    stats: guideStats(),
    rampRequests: 3,
    workers: [WORKER],
    ...overrides,
  })

describe('a report', () => {
  test('fits its schema', () => {
    expect(runReport.parse(JSON.parse(JSON.stringify(build())))).toEqual(build())
  })

  test('has rates over the window: 120 requests in 120 s are 1 per second', () => {
    expect(build().requests).toMatchObject({
      sentPerSecond: 1,
      succeededPerSecond: 1,
      outputTokensPerSecond: 100,
      inputTokensPerSecond: 1000,
      totalTokensPerSecond: 1100,
      failRatio: 0,
    })
    expect(build().window).toEqual({
      phase: 'measured',
      startedAt: '1970-01-01T00:16:40.000Z',
      endedAt: '1970-01-01T00:18:40.000Z',
      lengthS: 120,
      endedBy: 'run-time',
      endReason: null,
      rampRequests: 3,
    })
  })

  test('has no tokens where none could be counted, and zero where there were none', () => {
    const stats = new Stats()
    stats.counts.succeeded = 3
    const unknown = { inputTokens: null, outputTokens: null, outputTokensPerSecond: null, totalTokensPerSecond: null }
    expect(build({ stats }).requests).toMatchObject(unknown)
    expect(build({ stats: new Stats() }).requests).toMatchObject({ outputTokens: 0, outputTokensPerSecond: 0 })
  })

  test('has every metric in its unit, and null for what was not measured', () => {
    const { metrics } = build()
    expect(Object.keys(metrics)).toEqual(METRICS.map(({ name }) => name))
    expect(metrics.total_latency).toMatchObject({ unit: 'ms', count: 120, mean: 560.5, min: 501, max: 620 })
    expect(metrics.total_latency.p50).toBeCloseTo(560, 0)
    expect(metrics.schedule_lag).toMatchObject({ mean: 0.5, p999: 0.5 })
    const nothing = {
      unit: 'ms',
      count: 0,
      mean: null,
      min: null,
      p50: null,
      p90: null,
      p95: null,
      p99: null,
      p999: null,
      max: null,
      ...{ censored: 0, unsupported: [], lowerBounds: [] },
    }
    expect(metrics.time_to_first_token).toEqual(nothing)
  })

  test('names the percentiles that its number of values does not support', () => {
    expect(build().metrics.total_latency.unsupported).toEqual(['p99', 'p999'])
  })

  test('bounds the percentiles of what was cut off, and only those that it bounds', () => {
    const stats = guideStats()
    // Ten more, cut off at 700 ms: they take the places behind the 120 that took 501 … 620 ms.
    for (let i = 0; i < 10; i++) stats.ages('total_latency').record(700_000)
    const { total_latency } = build({ stats }).metrics
    expect(total_latency).toMatchObject({ count: 120, censored: 10, mean: 560.5, max: 700 })
    expect(total_latency.lowerBounds).toEqual(['p95', 'p99', 'p999', 'max'])
    expect(total_latency.p90).toBeCloseTo(617, 0)
    expect(total_latency.p95).toBeCloseTo(700, 0)
  })

  test('takes no bound from cut requests for what no answered one has', () => {
    const stats = guideStats()
    stats.ages('time_to_first_token').record(700_000)
    expect(build({ stats }).metrics.time_to_first_token).toMatchObject({ count: 0, censored: 0, p50: null })
  })

  test('of a run in which everything was cut off has the ages as bounds', () => {
    const stats = new Stats()
    Object.assign(stats.counts, { sent: 2, censored: 2 })
    stats.ages('total_latency').record(700_000)
    stats.ages('total_latency').record(900_000)
    const { total_latency } = build({ stats }).metrics
    expect(total_latency).toMatchObject({ count: 0, censored: 2, mean: null, min: null, max: 900 })
    expect(total_latency.p50).toBeCloseTo(700, 0)
    expect(total_latency.lowerBounds).toEqual(['p50', 'p90', 'p95', 'p99', 'p999', 'max'])
  })

  test('has the rows of the tables, with null where they are empty', () => {
    const { entries } = build()
    expect(entries.map(({ name }) => name)).toEqual(['/v1/completions', '/v1/models', 'num_tokens'])
    expect(entries[0]).toMatchObject({
      requests: 120,
      average: expect.closeTo(8.9),
      requestsPerSecond: 1,
      percentiles: { '50%': 9 },
    })
    expect(entries[1]).toMatchObject({
      requests: 0,
      average: null,
      min: null,
      max: null,
      median: null,
      percentiles: { '99.9%': null },
    })
    expect(entries[2]).toMatchObject({ method: 'METRIC', unit: 'tokens', average: 100 })
  })

  test('says how each worker fared', () => {
    expect(build().workers[0]).toMatchObject({
      ...{ eluMean: expect.closeTo(0.2), eluMax: 0.3, loopDelayP99MsMax: 3, cpuCoresMean: expect.closeTo(0.3) },
      rssBytesMax: 300,
    })
    expect(build({ workers: [{ ...WORKER, health: NO_HEALTH }] }).workers[0]).toMatchObject({
      eluMean: null,
      eluMax: null,
    })
  })

  test('of a window without length has no rates instead of infinite ones', () => {
    const window = { phase: 'ramp', startedAtMs: 5, endedAtMs: 5, endedBy: 'interrupted', endReason: null } as const
    const { requests, entries } = build({ window, stats: new Stats() })
    expect(requests).toMatchObject({ sentPerSecond: null, failRatio: null })
    expect(entries).toEqual([])
  })
})

describe('the notes of a report', () => {
  const notes = (overrides: Partial<RunRecord>): string[] => build(overrides).notes

  test('name the window, where tokens were counted and how prompts were fitted', () => {
    expect(notes({})).toEqual([
      'measured for 120.0 s from the moment all users were spawned; 3 requests sent before that are not shown',
      'tokens of 120 answers counted by the server’s usage',
      'prompt lengths: by hand',
    ])
  })

  test('name the warm-up', () => {
    expect(notes({ plan: { ...PLAN, load: { ...PLAN.load, warmupS: 30 } } })[0]).toBe(
      'measured for 120.0 s after all users were spawned and a warm-up of 30 s; 3 requests sent before that are not shown',
    )
  })

  test('name a few late arrivals, which are too few for a verdict', () => {
    const stats = guideStats()
    stats.counts.late = 1
    expect(notes({ stats })).toContain('1 of 120 arrivals were late: no user was free when they were due')
    stats.counts.late = 60
    expect(notes({ stats }).join()).not.toContain('arrivals were late')
  })

  test('name requests of which nothing is known', () => {
    const stats = guideStats()
    stats.counts.sent = 125
    expect(notes({ stats })).toContain('what became of 5 requests is unknown: their worker was lost')
  })

  test('name answers whose tokens could not be counted', () => {
    const stats = guideStats()
    stats.tokenSources.set('usage', 100)
    expect(notes({ stats })).toContain('tokens of 20 answers could not be counted')
  })

  test.each([
    { error: 'HTTP 401: no key', chat: false, hint: /LLMLOAD_API_KEY/ },
    { error: 'HTTP 404: Not Found', chat: false, hint: /try --chat$/ },
    { error: 'HTTP 404: Not Found', chat: true, hint: /try --no-chat$/ },
    { error: 'HTTP 404: The model `X` does not exist.', chat: false, hint: null }, // vLLM’s unknown model
    {
      error:
        'HTTP 404: This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?',
      chat: false,
      hint: /chat-only model: use --chat$/,
    },
    {
      error: 'HTTP 400: The model does not support Completions API',
      chat: false,
      hint: /chat-only model: use --chat$/,
    },
    {
      error: 'HTTP 404: This is not a chat model and thus not supported in the v1/chat/completions endpoint.',
      chat: true,
      hint: /use --no-chat$/,
    },
    {
      error: 'HTTP 400: As of transformers v4.44, default chat template is no longer allowed',
      chat: true,
      hint: /use --no-chat$/,
    },
    {
      error: "HTTP 400: This model's maximum context length is 2048 tokens",
      chat: true,
      hint: /lower --prompt-tokens or --max-tokens/,
    },
    { error: 'HTTP 429: slow down', chat: true, hint: /lower --qps or --users/ },
    { error: 'HTTP 500: boom', chat: true, hint: null },
  ])('hint at a remedy for $error', ({ error, chat, hint }) => {
    const stats = guideStats()
    stats.errors.log('POST', '/v1/completions', error, 0)
    const hints = notes({ stats, plan: { ...PLAN, target: { ...PLAN.target, chat } } }).slice(3)
    if (hint === null) expect(hints).toEqual([])
    else expect(hints).toEqual([expect.stringMatching(hint)])
  })
})

describe('our metrics block', () => {
  const labels = (stats: Stats, plan = PLAN): string[] => metricRows(build({ stats, plan })).map(({ label }) => label)

  test('shows latencies from the schedule only where they differ', () => {
    const stats = guideStats()
    expect(labels(stats)).not.toContain('E2E from schedule')
    const fromSchedule = stats.histogram('total_latency_from_intended')
    for (let i = 1; i <= 120; i++) fromSchedule.record((500 + i) * 1000 + 4000)
    expect(labels(stats)).not.toContain('E2E from schedule')
    fromSchedule.record(900_000)
    fromSchedule.record(900_000)
    expect(labels(stats)).toContain('E2E from schedule')
  })

  test('shows them where half of the requests were a little late', () => {
    const stats = guideStats()
    for (let i = 1; i <= 120; i++) stats.histogram('total_latency_from_intended').record((500 + i) * 1000 + 8000)
    expect(labels(stats)).toContain('E2E from schedule')
  })

  test('shows what a model thought only where it did', () => {
    const stats = guideStats()
    stats.histogram('time_to_first_visible_token').record(90_000)
    expect(labels(stats)).not.toContain('TTFT: visible')
    stats.histogram('reasoning_duration').record(40_000)
    expect(labels(stats)).toEqual(expect.arrayContaining(['TTFT: visible', 'Reasoning']))
  })

  test('shows latencies per token where events bring several', () => {
    const stats = guideStats()
    stats.histogram('inter_token_latency').record(30_000)
    stats.histogram('inter_token_latency_per_token').record(30_000)
    expect(labels(stats)).not.toContain('ITL per token')
    for (let i = 0; i < 6; i++) stats.histogram('inter_token_latency_per_token').record(5000)
    expect(labels(stats)).toContain('ITL per token')
  })

  test('shows the lag of a schedule only where there is one', () => {
    expect(labels(guideStats())).toContain('Schedule lag')
    expect(labels(guideStats(), { ...PLAN, load: { ...PLAN.load, qps: null } })).not.toContain('Schedule lag')
  })
})

test('the Aggregated row adds up real requests, not metrics', () => {
  const stats = guideStats()
  stats.entry('GET', '/v1/models').log(5, 50)
  const { aggregated } = totalRows(stats.entries, 120)
  expect(aggregated.entry).toMatchObject({ numRequests: 121, minMs: 5, maxMs: 8.9, method: '', name: 'Aggregated' })
  expect(aggregated.reqPerS).toBeCloseTo(121 / 120, 9)
})

test('the JSON schema describes each field that --json has', () => {
  const schema: unknown = JSON.parse(JSON.stringify(runReportJsonSchema()))
  expect(schema).toMatchObject({
    title: 'Report of an llmload run',
    required: expect.arrayContaining(Object.keys(build())),
  })
})
