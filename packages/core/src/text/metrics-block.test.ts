import { describe, expect, test } from 'vitest'
import { type MetricRow, metricsBlock } from './metrics-block.js'

const TTFT: MetricRow = {
  label: 'TTFT',
  unit: 'ms',
  mean: 57.913,
  p50: 57.86,
  p90: 58.915,
  p95: 59.6,
  p99: 61.4,
  max: 63.206,
  n: 119,
}

const named = (label: string, unit: MetricRow['unit'], scale: number, n = 119): MetricRow => {
  const times = (value: number): number => value * scale
  const { mean, p50, p90, p95, p99, max } = TTFT
  return {
    label,
    unit,
    mean: times(mean),
    p50: times(p50),
    p90: times(p90),
    p95: times(p95),
    p99: times(p99),
    max: times(max),
    n,
  }
}

describe('metricsBlock', () => {
  test('is 100 columns of numbers that stand under each other', () => {
    const rows = [
      TTFT,
      named('ITL', 'ms', 0.09, 11_781),
      named('E2E from schedule', 'ms', 990),
      named('Tokens/s per request', 'tokens/s', 3),
      named('Schedule lag', 'ms', 0.001),
    ]
    expect(metricsBlock(rows)).toBe(
      [
        'Metric                Unit          mean       p50       p90       p95       p99       max         n',
        '----------------------------------------------------------------------------------------------------',
        'TTFT                  ms           57.91     57.86     58.91     59.60     61.40     63.21       119',
        'ITL                   ms            5.21      5.21      5.30      5.36      5.53      5.69     11781',
        'E2E from schedule     ms        57333.87  57281.40  58325.85  59004.00  60786.00  62573.94       119',
        'Tokens/s per request  tokens/s     173.7     173.6     176.7     178.8     184.2     189.6       119',
        'Schedule lag          ms            0.06      0.06      0.06      0.06      0.06      0.06       119',
        '',
        '',
      ].join('\n'),
    )
  })

  test('a metric that was never measured has dashes, not zeroes', () => {
    const nan = Number.NaN
    const row: MetricRow = {
      label: 'TTFT',
      unit: 'ms',
      mean: nan,
      p50: nan,
      p90: nan,
      p95: nan,
      p99: nan,
      max: nan,
      n: 0,
    }
    expect(metricsBlock([row]).split('\n')[2]?.trim().split(/ +/)).toEqual(['TTFT', 'ms', ...Array(6).fill('-'), '0'])
  })

  test('a long value makes its column wider, and all lines stay equally long', () => {
    const lines = metricsBlock([TTFT, named('E2E', 'ms', 60_000)])
      .trimEnd()
      .split('\n')
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(lines[3]).toContain('3792360.00')
  })
})
