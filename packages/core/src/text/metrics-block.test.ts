import { describe, expect, test } from 'vitest'
import { type MetricRow, metricsBlock, type Throughput } from './metrics-block.js'

const RATES: Throughput = {
  ...{ sentPerSecond: 0.99166, inputTokensPerSecond: 991.66, outputTokensPerSecond: 99.166 },
  totalTokensPerSecond: 1090.83,
}

const row = (label: string, unit: MetricRow['unit'], scale: number, more: Partial<MetricRow> = {}): MetricRow => ({
  label,
  unit,
  mean: 57.913 * scale,
  p50: 57.86 * scale,
  p90: 58.915 * scale,
  p95: 59.6 * scale,
  p99: 61.4 * scale,
  max: 63.206 * scale,
  count: 119,
  censored: 0,
  unsupported: ['p99', 'p999'],
  lowerBounds: [],
  ...more,
})

const linesOf = (...rows: MetricRow[]): string[] => metricsBlock(rows, RATES).split('\n')

describe('metricsBlock', () => {
  test('is 100 columns of numbers that stand under each other, then the rates and what the marks mean', () => {
    const rows = [
      row('TTFT', 'ms', 1),
      row('ITL', 'ms', 0.09, { count: 11_781, unsupported: [] }),
      row('E2E from schedule', 'ms', 990),
      row('Tokens/s per request', 'tokens/s', 3),
    ]
    expect(metricsBlock(rows, RATES)).toBe(
      [
        'Metric                Unit          mean       p50       p90       p95       p99       max         n',
        '----------------------------------------------------------------------------------------------------',
        'TTFT                  ms           57.91     57.86     58.91     59.60    ~61.40     63.21       119',
        'ITL                   ms            5.21      5.21      5.30      5.36      5.53      5.69     11781',
        'E2E from schedule     ms        57333.87  57281.40  58325.85  59004.00 ~60786.00  62573.94       119',
        'Tokens/s per request  tokens/s     173.7     173.6     176.7     178.8    ~184.2     189.6       119',
        '',
        'Whole run: 0.99 requests/s; tokens/s: 991.7 input + 99.2 output = 1090.8',
        '~ n is too small to tell: p99 needs 299',
        '',
        '',
      ].join('\n'),
    )
  })

  test('a number that requests cut off at the end may have been larger says so', () => {
    const cut = row('E2E', 'ms', 10, { censored: 7, lowerBounds: ['p95', 'p99', 'max'] })
    const lines = linesOf(cut)
    expect(lines[2]).toMatch(/589\.15 +≥596\.00 +≥614\.00 +≥632\.06 +119$/)
    expect(lines).toContain('≥ at least: 7 requests were cut off or never sent; each counts with its age')
    expect(lines.join('\n')).not.toContain('~')
  })

  test('a metric that was never measured has dashes, not zeroes', () => {
    const none = { mean: null, p50: null, p90: null, p95: null, p99: null, max: null, count: 0, unsupported: [] }
    const lines = linesOf(row('TTFT', 'ms', 1, none))
    expect(lines[2]?.trim().split(/ +/)).toEqual(['TTFT', 'ms', ...Array(6).fill('-'), '0'])
  })

  test('a rate that was not measured is a dash', () => {
    const none: Throughput = {
      ...{ sentPerSecond: null, inputTokensPerSecond: null, outputTokensPerSecond: null, totalTokensPerSecond: null },
    }
    expect(metricsBlock([], none)).toContain('Whole run: - requests/s; tokens/s: - input + - output = -')
  })

  test('where all percentiles are sure no line explains a mark', () => {
    expect(linesOf(row('TTFT', 'ms', 1, { unsupported: ['p999'] })).slice(3)).toEqual([
      '',
      expect.stringMatching(/^Whole run/),
      '',
      '',
    ])
  })

  test('a long value makes its column wider, and all lines stay equally long', () => {
    const lines = linesOf(row('TTFT', 'ms', 1), row('E2E', 'ms', 60_000)).slice(0, 4)
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(lines[3]).toContain('3792360.00')
  })
})
