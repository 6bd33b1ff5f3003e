import { describe, expect, test } from 'vitest'
import { loadPlan } from '../../../../test/support/plan.js'
import type { Assignment } from '../assignment.js'
import { QPS_DISTRIBUTIONS, type QpsDistribution } from '../plan.js'
import { generatorAt } from '../random.js'
import { rateCurveOf } from './load-profile.js'
import { type Arrival, OwnArrivals } from './own-arrivals.js'
import { measuredFromMs, measuredUntilMs } from './ramp.js'
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

/** What the gaps of a process vary by, and what the gaps of one of several workers do: the sums of as many. */
const VARIATION: Record<QpsDistribution, number> = {
  constant: 0,
  uniform: 1 / Math.sqrt(3),
  exponential: 1,
  gamma: 2, // of burstiness 0.25
}

describe('the arrivals of several workers', () => {
  test.each(QPS_DISTRIBUTIONS.flatMap((distribution) => [1, 2, 7, 50].map((count) => ({ distribution, count }))))(
    'of $count workers are together the same $distribution process',
    ({ distribution, count }) => {
      const shape = process(distribution, 0.25)
      const untilMs = 600_000
      const whole = until(new OwnArrivals(shape, steady(10), new Shares(ALL)), untilMs)
      const parts = Array.from({ length: count }, (_, index) =>
        until(new OwnArrivals(shape, steady(10), new Shares([first(index, count)])), untilMs),
      )
      const merged = parts.flat().sort(byIndex)
      expect(merged).toEqual(whole)
      const variation = VARIATION[distribution]
      // Within four deviations of a count: it varies by the gaps' variation times its root.
      expect(Math.abs(merged.length - 6000)).toBeLessThanOrEqual(4 * variation * Math.sqrt(6000))
      expect(Math.abs(coefficientOfVariation(gapsMs(merged)) - variation)).toBeLessThan(0.1 * variation + 1e-6)
      const sizes = parts.map(({ length }) => length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    },
  )

  test('one of eight stripes of a Poisson process is an Erlang process', () => {
    const own = new OwnArrivals(process('exponential'), steady(80), new Shares([first(3, 8)]))
    const gaps = gapsMs(Array.from({ length: 20_000 }, () => own.take()))
    expect(coefficientOfVariation(gaps)).toBeCloseTo(1 / Math.sqrt(8), 1)
  })

  test.each(QPS_DISTRIBUTIONS.flatMap((distribution) => [1, 2, 7, 50].map((count) => ({ distribution, count }))))(
    'stay a $distribution process while any of $count workers come and go, and the rate changes',
    ({ distribution, count }) => {
      const draw = generatorAt(count, distribution, 0)
      const shape = process(distribution, 0.25)
      const wholeRate = steady(20)
      const workers = Array.from({ length: count }, () => {
        const [shares, rate] = [new Shares([]), steady(20)]
        return { shares, rate, own: new OwnArrivals(shape, rate, shares), taken: [] as Arrival[] }
      })
      let fromMs = 0
      for (let epoch = 0; epoch < 12; epoch++) {
        const order = workers.map((worker) => ({ worker, rank: draw() })).sort((a, b) => a.rank - b.rank)
        const holders = order.slice(0, 1 + Math.floor(draw() * count)).map(({ worker }) => worker)
        const qps = 1 + 40 * draw()
        for (const worker of workers) {
          // It hears of it ahead of its instant, when it may have looked far beyond.
          worker.taken.push(...until(worker.own, fromMs - 2000 * draw()))
          const index = holders.indexOf(worker)
          worker.shares.add({ epoch, fromMs, share: index < 0 ? null : { index, count: holders.length } })
          worker.rate.change(fromMs, qps)
          worker.own.changed()
        }
        wholeRate.change(fromMs, qps)
        fromMs += 200 + 5000 * draw()
      }
      const all = workers.flatMap(({ own, taken }) => [...taken, ...until(own, fromMs)])
      expect(all.sort(byIndex)).toEqual(until(new OwnArrivals(shape, wholeRate, new Shares(ALL)), fromMs))
    },
  )

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

describe('a window', () => {
  test('has exactly the arrivals of its stages, wherever they end, ramps and warm-up before it', () => {
    const draw = generatorAt(1, 'windows', 0)
    const tenths = (most: number) => (1 + Math.floor(draw() * most)) / 10
    for (let round = 0; round < 3000; round++) {
      const stages = Array.from({ length: 1 + Math.floor(draw() * 4) }, () => ({
        durationS: tenths(40),
        qps: { from: tenths(1000), to: tenths(1000) },
        users: null,
      }))
      const qps = stages[0]?.qps.from ?? Number.NaN
      const runTimeS = stages.reduce((sum, { durationS }) => sum + durationS, 0)
      const load = loadPlan({ users: 1 + Math.floor(draw() * 9), warmupS: tenths(20), qps, stages, runTimeS })
      const curve = rateCurveOf(load)
      if (curve === null) throw new Error('a rate was given')
      const taken = until(new OwnArrivals(process('constant'), curve, new Shares(ALL)), measuredUntilMs(load))
      const inWindow = taken.filter(({ atMs }) => atMs >= measuredFromMs(load))
      // In exact arithmetic: arrival i is in the window when i is at least the area before it, and less than that up to its end.
      const before = (qps * measuredFromMs(load)) / 1000
      const area = stages.reduce((sum, stage) => sum + ((stage.qps.from + stage.qps.to) / 2) * stage.durationS, before)
      const wholeFrom = (number: number) => Math.ceil(Number(number.toFixed(6)))
      expect(inWindow).toHaveLength(wholeFrom(area) - wholeFrom(before))
    }
  })
})
