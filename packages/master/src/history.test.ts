import { type Delta, Histogram, type HistoryPoint, Stats } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { HEALTHY } from '../test/wire-worker.js'
import { History } from './history.js'

/** What one worker tells of a time, in seconds after the start. */
interface Told {
  readonly fromS: number
  readonly untilS: number
  readonly sent?: number
  readonly users?: number
  readonly elu?: number
  readonly e2eMs?: readonly number[]
}

/** On the clock of the deltas. */
const START_MS = 7_000_000

function tell(history: History, { fromS, untilS, sent = 0, users = 1, elu = 0.1, e2eMs = [] }: Told): void {
  const stats = new Stats()
  stats.counts.sent = sent
  for (const ms of e2eMs) stats.histogram('total_latency').record(ms * 1000)
  const rest = { ramp: null, stages: [], users, inFlight: 2, health: { ...HEALTHY, elu, cpuCores: 0.5 } }
  const delta: Delta = { type: 'delta', seq: 1, untilMs: 0, measured: stats.toData(), ...rest }
  history.add(delta, START_MS + fromS * 1000, START_MS + untilS * 1000)
}

function historyOf(...all: readonly Told[]): History {
  const history = new History()
  history.startAt(START_MS)
  for (const told of all) tell(history, told)
  return history
}

/** A worker that sends `second mod 7` requests in each second, of which one takes `second` ms. */
function steadyRun(lengthS: number): History {
  const history = historyOf()
  for (let s = 0; s < lengthS; s++) tell(history, { fromS: s, untilS: s + 1, sent: s % 7, e2eMs: [s] })
  return history
}

const sentIn = (points: readonly HistoryPoint[]): number =>
  Math.round(points.reduce((sum, { sentPerS, lengthS }) => sum + sentPerS * lengthS, 0))

const lengths = (points: readonly HistoryPoint[]): Record<number, number> => {
  const counts: Record<number, number> = {}
  for (const { lengthS } of points) counts[lengthS] = (counts[lengthS] ?? 0) + 1
  return counts
}

describe('the history of a run', () => {
  test('has the sum over all workers for each second, and percentiles of all their values', () => {
    const points = historyOf(
      { fromS: 0, untilS: 1, sent: 5, users: 3, elu: 0.2, e2eMs: [10, 10, 10] },
      { fromS: 0, untilS: 1, sent: 7, users: 4, elu: 0.6, e2eMs: [1000] },
      { fromS: 1, untilS: 2, sent: 1, users: 3 },
    ).points()
    expect(points).toMatchObject([
      { fromS: 0, lengthS: 1, workers: 2, users: 7, inFlight: 4, sentPerS: 12, cpuCores: 1, eluMax: 0.6 },
      { fromS: 1, lengthS: 1, workers: 1, users: 3, inFlight: 2, sentPerS: 1, cpuCores: 0.5, eluMax: 0.1 },
    ])
    expect(points[0]?.latencies.e2e).toMatchObject({ count: 4, p50: expect.closeTo(10, 1), p99: 1000, max: 1000 })
    expect(points[0]?.latencies.ttft).toBeNull()
    expect(points[1]?.latencies.e2e).toBeNull()
  })

  test('spreads what a delta tells of two seconds over both', () => {
    const points = historyOf({ fromS: 0.6, untilS: 1.6, sent: 10, users: 5, e2eMs: [8] }).points()
    expect(points.map(({ sentPerS }) => sentPerS)).toEqual([expect.closeTo(4), expect.closeTo(6)])
    expect(points.map(({ users }) => users)).toEqual([expect.closeTo(2), expect.closeTo(3)])
    expect(points.map(({ latencies }) => latencies.e2e?.count)).toEqual([undefined, 1])
  })

  test('spreads what adds up while a connection is lost over the time that it was', () => {
    const points = historyOf({ fromS: 2, untilS: 22, sent: 100 }).points()
    expect(points).toHaveLength(20)
    for (const { sentPerS } of points) expect(sentPerS).toBeCloseTo(5)
  })

  test('has no point where nobody told anything, and none before the start', () => {
    const points = historyOf({ fromS: -1, untilS: 1, sent: 2 }, { fromS: 5, untilS: 6 }).points()
    expect(points.map(({ fromS, sentPerS }) => [fromS, sentPerS])).toEqual([
      [0, 2],
      [5, 0],
    ])
  })

  test('takes what comes late, wherever it belongs', () => {
    const history = steadyRun(8000)
    const before = history.points()
    for (const fromS of [7990, 7000, 300]) tell(history, { fromS, untilS: fromS + 1, sent: 60, e2eMs: [1] })
    const changed = history.points().filter((point, i) => point !== before[i])
    expect(changed.map(({ fromS, lengthS }) => [fromS, lengthS])).toEqual([
      [300, 60],
      [7000, 10],
      [7990, 1],
    ])
    expect(sentIn(history.points())).toBe(sentIn(before) + 180)
    expect(changed.map(({ latencies }) => latencies.e2e?.count)).toEqual([61, 11, 2])
  })

  test('leaves the last two seconds out while the run goes on', () => {
    const history = steadyRun(10)
    expect(history.points(START_MS + 9500).at(-1)?.fromS).toBe(6)
    expect(history.points().at(-1)?.fromS).toBe(9)
  })

  test('folds what is old into coarser bins, which are as true as finer ones', () => {
    const points = steadyRun(9000).points()
    expect(lengths(points)).toEqual({ 1: 600, 10: 660, 60: 30 })
    let untilS = 0
    for (const { fromS, lengthS, sentPerS, users, latencies } of points) {
      expect(fromS).toBe(untilS)
      untilS = fromS + lengthS
      const seconds = Array.from({ length: lengthS }, (_, i) => fromS + i)
      expect(sentPerS * lengthS).toBeCloseTo(seconds.reduce((sum, s) => sum + (s % 7), 0))
      expect(users).toBeCloseTo(1)
      const all = new Histogram()
      for (const s of seconds) all.record(s * 1000)
      expect(latencies.e2e).toMatchObject({ count: lengthS, p90: all.percentile(90) / 1000, max: untilS - 1 })
    }
    expect(untilS).toBe(9000)
  })

  test('grows with the logarithm of the length of a run', { timeout: 30_000 }, () => {
    const history = historyOf()
    const lengthS = 30 * 3600
    for (let s = 0; s < lengthS; s += 60) tell(history, { fromS: s, untilS: s + 60, sent: 60 })
    const points = history.points()
    expect(lengths(points)).toEqual({ 1: 600, 10: 660, 60: 1320, 120: 180 })
    expect(sentIn(points)).toBe(lengthS)
  })
})
