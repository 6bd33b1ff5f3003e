import { describe, expect, test } from 'vitest'
import { plan } from '../../../../test/support/plan.js'
import { METRICS } from '../metrics/definitions.js'
import type { ReportedMetric, RunReport } from '../report/run-report.js'
import { stagesTable } from './stages-table.js'

type Stage = RunReport['stages'][number]

const NOT_MEASURED: ReportedMetric = {
  ...{ unit: 'ms', count: 0, mean: null, min: null, p50: null, p90: null, p95: null, p99: null, p999: null },
  ...{ max: null, censored: 0, unsupported: [], lowerBounds: [] },
}

const metricsOf = (more: Partial<Stage['metrics']>): Stage['metrics'] => ({
  ...(Object.fromEntries(METRICS.map(({ name }) => [name, NOT_MEASURED])) as Stage['metrics']),
  ...more,
})

const stage = (fromS: number, requests: object, metrics: Partial<Stage['metrics']> = {}): Stage => ({
  fromS,
  lengthS: 60,
  requests: { sentPerSecond: 5, failRatio: 0, outputTokensPerSecond: 512.5, ...requests } as Stage['requests'],
  metrics: metricsOf(metrics),
})

const PLAN = plan({
  load: {
    ...{ users: 20, spawnRate: 1, qps: 5, runTimeS: 180 }, // all users are there after 19 s
    stages: [
      { durationS: 60, qps: { from: 5, to: 5 }, users: null },
      { durationS: 60, qps: { from: 5, to: 50 }, users: { from: 30, to: 30 } },
      { durationS: 60, qps: null, users: { from: 5, to: 5 } },
    ],
  },
})

const STAGES = [
  stage(
    0,
    {},
    {
      time_to_first_token: { ...NOT_MEASURED, count: 300, p50: 51.773, p99: 67.091 },
      inter_token_latency: { ...NOT_MEASURED, count: 9000, p50: 9.99, p99: 16.99 },
      total_latency: { ...NOT_MEASURED, count: 300, p50: 242.05, p99: 1249.95, lowerBounds: ['p99'] },
    },
  ),
  stage(60, { sentPerSecond: 27.5, failRatio: 0.0125 }),
  stage(120, { sentPerSecond: 50, failRatio: null, outputTokensPerSecond: null }),
]

describe('stagesTable', () => {
  test('is a line for each stage with the level that held, a dash for what was not measured', () => {
    expect(stagesTable({ plan: PLAN, stages: STAGES, changes: [] })).toBe(
      [
        'Stage  from s   to s    QPS  users  sent/s  failed %  tokens/s  TTFT p50  p99 ms  ITL p50  p99 ms  E2E p50    p99 ms',
        '-'.repeat(116),
        '    1     0.0   60.0      5     20    5.00      0.00     512.5     51.77   67.09     9.99   16.99   242.05  ≥1249.95',
        '    2    60.0  120.0  5..50     30   27.50      1.25     512.5         -       -        -       -        -         -',
        '    3   120.0  180.0     50      5   50.00         -         -         -       -        -       -        -         -',
        '\n',
      ].join('\n'),
    )
  })

  test('does not say a level that was changed while the run went on', () => {
    const changes = [{ atS: 19 + 70, qps: 7, users: 20 }]
    const levels = stagesTable({ plan: PLAN, stages: STAGES, changes })
      .split('\n')
      .slice(2, 5)
      .map((line) => line.trim().split(/ +/).slice(3, 5))
    expect(levels).toEqual([
      ['5', '20'],
      ['changed', 'changed'],
      ['changed', 'changed'],
    ])
  })

  test('is nothing for a run without stages', () => {
    expect(stagesTable({ plan: plan(), stages: [], changes: [] })).toBe('')
  })
})
