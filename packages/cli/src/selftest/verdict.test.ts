import { expect, test } from 'vitest'
import { plot } from './plot.js'
import type { LadderStep, Quantiles, StepOutcome } from './result.js'
import { ladderTable } from './table.js'
import { verdictOf } from './verdict.js'

const quantiles = (p99: number): Quantiles => ({ n: 100, p50: p99 / 4, p99, max: p99 * 2 })

const step = (streams: number, outcome: StepOutcome, p99: number): LadderStep => ({
  ...{ streams, outcome, offeredTokensPerS: streams * 50, tokensPerS: streams * 48.5, failedRequests: 0 },
  ...{ firstTokenErrorMs: quantiles(p99), chunkErrorMs: quantiles(p99), endErrorMs: quantiles(p99) },
  ...{ simulatorLateMs: quantiles(0.1), reportedTtftMs: quantiles(50), reportedItlMs: quantiles(20) },
  cpuMsPer1000Tokens: 8,
})

const LOW = step(1000, 'within', 0.4)
const within = '48,500 tokens/s within 5 ms at p99'

test.each<[story: string, ladder: LadderStep[], verdict: string]>([
  ['the client gave way', [LOW, step(1500, 'beyond', 9)], `up to ${within}; use --processes 2 for more.`],
  ['requests failed', [LOW, step(1500, 'failed', 1)], `up to ${within}; use --processes 2 for more.`],
  ['the simulator did', [LOW, step(1500, 'simulator', 1)], `at least ${within}; the simulator could not send more.`],
  ['nothing gave way', [LOW], `at least ${within}; more was not tried.`],
])('the verdict says so where %s', (_, ladder, verdict) => {
  expect(verdictOf(ladder, 1).verdict).toBe(`On this host one worker process measures ${verdict}`)
})

test('a host that measures nothing well has no rate', () => {
  const { measuresUpToTokensPerS, verdict } = verdictOf([step(50, 'beyond', 12)], 2)
  expect(measuresUpToTokensPerS).toBeNull()
  expect(verdict).toContain('2 worker processes cannot keep 50 streams within 5 ms')
})

test('the table has a row for each load, with p50 / p99 / max', () => {
  const rows = ladderTable([LOW, step(1500, 'beyond', 9)]).split('\n')
  expect(rows[1]).toMatch(/^ +1,000 +48,500 +0\.10 \/ 0\.40 \/ 0\.80 .* 8\.0 +ok$/)
  expect(rows[2]).toMatch(/2\.25 \/ 9\.00 \/ 18\.00 .* beyond the limit$/)
})

test('the plot has a point for each load and error, all inside of the picture', () => {
  const ladder = [step(50, 'within', 0.03), LOW, step(1500, 'beyond', 9)]
  const host = { node: '22.0.0', os: 'Linux', arch: 'x64', cpus: 'A & B', cpuCount: 2, memoryBytes: 8e9 }
  const svg = plot({
    ladder,
    limitMs: 5,
    processes: 1,
    host,
    date: '2026-01-01',
    llmload: '1',
  })
  const points = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)])
  expect(points).toHaveLength(9)
  for (const [x, y] of points) {
    expect(x).toBeGreaterThan(76)
    expect(x).toBeLessThan(690)
    expect(y).toBeGreaterThan(92)
    expect(y).toBeLessThan(448)
  }
  expect(svg).toContain('A &amp; B')
})
