import { describe, expect, test } from 'vitest'
import { QPS_DISTRIBUTIONS } from '../plan.js'
import { type Arrival, type ArrivalProcess, arrivals, type Stripe } from './schedule.js'

const WHOLE: Stripe = { first: 0, step: 1 }

function take(process: ArrivalProcess, count: number, stripe = WHOLE): Arrival[] {
  const iterator = arrivals(process, stripe)
  return Array.from({ length: count }, () => iterator.next().value)
}

function gapsMs(list: Arrival[]): number[] {
  return list.slice(1).map((arrival, i) => arrival.atMs - (list[i]?.atMs ?? Number.NaN))
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function coefficientOfVariation(values: number[]): number {
  const average = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - average) ** 2))) / average
}

describe('arrivals', () => {
  test('one per second constant: at 0, 1, 2, 3 s', () => {
    expect(take({ seed: 1, qps: 1, distribution: 'constant' }, 4).map((a) => a.atMs)).toEqual([0, 1000, 2000, 3000])
  })

  test.each([
    { distribution: 'constant', cv: 0 },
    { distribution: 'uniform', cv: 1 / Math.sqrt(3) }, // U(0, 2): deviation 2/√12 for mean 1
    { distribution: 'exponential', cv: 1 },
  ] as const)('$distribution gaps have mean 1/qps and variation $cv', ({ distribution, cv }) => {
    const gaps = gapsMs(take({ seed: 7, qps: 50, distribution }, 20_001))
    expect(mean(gaps)).toBeCloseTo(20, distribution === 'constant' ? 9 : 0)
    expect(coefficientOfVariation(gaps)).toBeCloseTo(cv, 1)
  })

  test.each(QPS_DISTRIBUTIONS)(
    'the stripes of 1, 2, 7 and 50 workers are together the same %s process',
    (distribution) => {
      const process = { seed: 3, qps: 10, distribution }
      const whole = take(process, 700)
      for (const step of [2, 7, 50]) {
        const parts = Array.from({ length: step }, (_, first) => take(process, 700 / step, { first, step })).flat()
        expect(parts.sort((a, b) => a.index - b.index)).toEqual(whole)
      }
    },
  )

  test('another seed is another process', () => {
    const [a, b] = [1, 2].map((seed) => take({ seed, qps: 1, distribution: 'exponential' }, 5))
    expect(a).not.toEqual(b)
  })
})
