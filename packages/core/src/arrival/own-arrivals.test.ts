import { describe, expect, test } from 'vitest'
import type { Assignment } from '../assignment.js'
import { QPS_DISTRIBUTIONS, type QpsDistribution } from '../plan.js'
import { type Arrival, OwnArrivals } from './own-arrivals.js'
import { RateCurve } from './rate-curve.js'
import { Shares } from './shares.js'

const steady = (qps: number): RateCurve => new RateCurve([{ fromMs: 0, qpsFrom: qps, qpsTo: qps }])
const process = (distribution: QpsDistribution, burstiness = 1, seed = 7) => ({ seed, distribution, burstiness })
const first = (index: number, count: number): Assignment => ({ epoch: 0, fromMs: 0, share: { index, count } })
const ALL = [first(0, 1)]

function until(arrivals: OwnArrivals, endMs: number): Arrival[] {
  const taken: Arrival[] = []
  while (arrivals.next.atMs < endMs) taken.push(arrivals.take())
  return taken
}

function gapsMs(list: readonly Arrival[]): number[] {
  return list.slice(1).map((arrival, i) => arrival.atMs - (list[i]?.atMs ?? Number.NaN))
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function coefficientOfVariation(values: readonly number[]): number {
  const average = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - average) ** 2))) / average
}

const byIndex = (a: Arrival, b: Arrival) => a.index - b.index

describe('the arrivals of one worker alone', () => {
  test('one per second constant: at 0, 1, 2, 3 s', () => {
    const own = new OwnArrivals(process('constant'), steady(1), new Shares(ALL))
    expect(until(own, 3500).map(({ atMs }) => atMs)).toEqual([0, 1000, 2000, 3000])
  })

  test.each([
    { distribution: 'constant', burstiness: 1, cv: 0 },
    { distribution: 'uniform', burstiness: 1, cv: 1 / Math.sqrt(3) }, // U(0, 2): deviation 2/√12 for mean 1
    { distribution: 'exponential', burstiness: 1, cv: 1 },
    { distribution: 'gamma', burstiness: 1, cv: 1 },
    { distribution: 'gamma', burstiness: 0.25, cv: 2 },
    { distribution: 'gamma', burstiness: 4, cv: 0.5 },
  ] as const)('$distribution gaps of burstiness $burstiness have mean 1/qps and variation $cv', (row) => {
    const own = new OwnArrivals(process(row.distribution, row.burstiness), steady(50), new Shares(ALL))
    const gaps = gapsMs(Array.from({ length: 20_001 }, () => own.take()))
    expect(mean(gaps) / 20).toBeCloseTo(1, row.cv === 0 ? 9 : 1)
    expect(coefficientOfVariation(gaps)).toBeCloseTo(row.cv, 1)
  })

  test('another seed is another process', () => {
    const [a, b] = [1, 2].map((seed) => new OwnArrivals(process('exponential', 1, seed), steady(1), new Shares(ALL)))
    expect(a?.next).not.toEqual(b?.next)
  })

  test('what is ahead is what will be taken, and looking does not take it', () => {
    const own = new OwnArrivals(process('exponential'), steady(1), new Shares([first(1, 3)]))
    const ahead = own.ahead()
    const seen = Array.from({ length: 5 }, () => ahead.next().value)
    expect(Array.from({ length: 5 }, () => own.take().index)).toEqual(seen)
    expect(seen).toEqual([1, 4, 7, 10, 13])
  })
})

describe('the arrivals of several workers', () => {
  test.each(QPS_DISTRIBUTIONS.flatMap((distribution) => [1, 2, 7, 50].map((count) => ({ distribution, count }))))(
    'of $count workers are together the same $distribution process',
    ({ distribution, count }) => {
      const shape = process(distribution, 0.5)
      const whole = until(new OwnArrivals(shape, steady(10), new Shares(ALL)), 60_000)
      const parts = Array.from({ length: count }, (_, index) =>
        until(new OwnArrivals(shape, steady(10), new Shares([first(index, count)])), 60_000),
      )
      expect(parts.flat().sort(byIndex)).toEqual(whole)
      const sizes = parts.map(({ length }) => length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    },
  )

  test('stay that process whatever happens to their shares: a loss, a return, a late comer', () => {
    const history: readonly (readonly [fromMs: number, holders: readonly string[]])[] = [
      [0, ['a', 'b', 'c']],
      [5000, ['a', 'c']],
      [9000, ['a', 'c', 'b']],
      [12_000, ['c']],
      [20_000, ['c', 'd', 'e']],
    ]
    const shape = process('exponential')
    const workers = new Map(
      ['a', 'b', 'c', 'd', 'e'].map((name) => {
        const shares = new Shares([])
        return [name, { shares, own: new OwnArrivals(shape, steady(20), shares), taken: [] as Arrival[] }]
      }),
    )
    for (const [epoch, [fromMs, holders]] of history.entries()) {
      for (const [name, { shares, own, taken }] of workers) {
        // An assignment comes ahead of its instant, when the worker has looked far beyond it.
        taken.push(...until(own, fromMs - 1000))
        const index = holders.indexOf(name)
        shares.add({ epoch, fromMs, share: index < 0 ? null : { index, count: holders.length } })
        own.changed()
      }
    }
    const all = [...workers.values()].flatMap(({ own, taken }) => [...taken, ...until(own, 30_000)])
    expect(all.sort(byIndex)).toEqual(until(new OwnArrivals(shape, steady(20), new Shares(ALL)), 30_000))
  })

  test('a worker without a share has none, and does not look for ever', () => {
    const shares = new Shares([])
    const own = new OwnArrivals(process('constant'), steady(10), shares)
    expect(own.next.atMs).toBe(Number.POSITIVE_INFINITY)
    shares.add({ epoch: 3, fromMs: 60_000, share: { index: 0, count: 2 } })
    own.changed()
    expect(own.take()).toEqual({ index: 600, atMs: 60_000 })
    shares.add({ epoch: 4, fromMs: 61_000, share: null })
    own.changed()
    expect(until(own, Number.POSITIVE_INFINITY).map(({ index }) => index)).toEqual([602, 604, 606, 608])
  })
})

describe('a rate that changes', () => {
  test('a constant process keeps its phase: half a gap at 1/s, the other half at 10/s', () => {
    const curve = steady(1)
    const own = new OwnArrivals(process('constant'), curve, new Shares(ALL))
    expect([own.take(), own.take(), own.next].map(({ atMs }) => atMs)).toEqual([0, 1000, 2000])
    curve.change(1500, 10)
    own.changed()
    expect(until(own, 1800).map(({ atMs }) => Math.round(atMs))).toEqual([1550, 1650, 1750])
  })

  test('a ramp from 0 to 20/s over 10 s has 100 arrivals, evenly denser', () => {
    const curve = new RateCurve([
      { fromMs: 0, qpsFrom: 0, qpsTo: 20 },
      { fromMs: 10_000, qpsFrom: 20, qpsTo: 20 },
    ])
    const taken = until(new OwnArrivals(process('constant'), curve, new Shares(ALL)), 10_000)
    expect(taken).toHaveLength(100)
    expect(taken.filter(({ atMs }) => atMs < 5000)).toHaveLength(25) // t² / 100 of them
    expect(until(new OwnArrivals(process('constant'), curve, new Shares(ALL)), 12_000)).toHaveLength(140)
  })

  test('a Poisson process of several stages has in each as many arrivals as its rate says', () => {
    const curve = new RateCurve([
      { fromMs: 0, qpsFrom: 50, qpsTo: 50 },
      { fromMs: 100_000, qpsFrom: 200, qpsTo: 200 },
      { fromMs: 200_000, qpsFrom: 10, qpsTo: 10 },
    ])
    const taken = until(new OwnArrivals(process('exponential'), curve, new Shares(ALL)), 300_000)
    const between = (fromMs: number, endMs: number) => taken.filter(({ atMs }) => atMs >= fromMs && atMs < endMs).length
    // Within four deviations of a Poisson count.
    expect(Math.abs(between(0, 100_000) - 5000)).toBeLessThan(4 * Math.sqrt(5000))
    expect(Math.abs(between(100_000, 200_000) - 20_000)).toBeLessThan(4 * Math.sqrt(20_000))
    expect(Math.abs(between(200_000, 300_000) - 1000)).toBeLessThan(4 * Math.sqrt(1000))
  })
})
