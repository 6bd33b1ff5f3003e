import { describe, expect, test } from 'vitest'
import { uniformAt } from '../random.js'
import { Histogram } from './histogram.js'
import { CensoredSample, smallestCount } from './percentiles.js'

test.each([
  { percent: 50, n: 5 },
  { percent: 90, n: 29 },
  { percent: 95, n: 59 },
  { percent: 99, n: 299 },
  { percent: 99.9, n: 2995 },
])('p$percent needs $n values: one fewer is less than 95 % sure', ({ percent, n }) => {
  expect(smallestCount(percent)).toBe(n)
  const sure = (count: number): number => 1 - (percent / 100) ** count
  expect(sure(n)).toBeGreaterThanOrEqual(0.95)
  expect(sure(n - 1)).toBeLessThan(0.95)
})

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

const sampleOf = (known: readonly number[], ages: readonly number[]): CensoredSample =>
  new CensoredSample(histogramOf(known), histogramOf(ages))

describe('a sample of which some values were cut off', () => {
  test('without them is the plain percentile', () => {
    const known = Array.from({ length: 1000 }, (_, i) => i + 1)
    const sample = sampleOf(known, [])
    for (const percent of [50, 90, 99, 99.9]) {
      const { value, isLowerBound } = sample.percentile(percent)
      expect(value).toBeCloseTo(percent * 10, 6)
      expect(isLowerBound).toBe(false)
    }
  })

  test('has only a lower bound where more were cut off than lie above the percentile', () => {
    const sample = sampleOf(Array(90).fill(100), Array(10).fill(150))
    expect(sample.percentile(90)).toEqual({ value: 100, isLowerBound: false })
    expect(sample.percentile(91)).toEqual({ value: 150, isLowerBound: true })
    expect(sample.max).toBe(150)
  })

  test('knows a percentile for sure where those cut off early cannot move it', () => {
    // Whether the ten that were cut at 1 take 2 or 1000: the median is 100.
    expect(sampleOf(Array(90).fill(100), Array(10).fill(1)).percentile(50)).toEqual({ value: 100, isLowerBound: false })
  })

  test('says so where those cut off early could move it', () => {
    const known = Array.from({ length: 50 }, (_, i) => 100 + 10 * i)
    const { value, isLowerBound } = sampleOf(known, Array(30).fill(1)).percentile(50)
    expect(isLowerBound).toBe(true)
    expect(value).toBe(190) // the 40th of 80: 30 ones, then the 10th of those known
  })

  test('has ages as bounds where nothing else is known', () => {
    expect(sampleOf([], [700, 900]).percentile(50)).toEqual({ value: 700, isLowerBound: true })
  })

  test('has no percentile without values', () => {
    expect(sampleOf([], []).percentile(50)).toEqual({ value: Number.NaN, isLowerBound: false })
  })

  test('is right against every way in which the cut ones might have gone on', () => {
    const ENDLESS = 3_000_000_000
    for (let round = 0; round < 300; round++) {
      const draw = (stream: string, i: number): number => uniformAt(round, stream, i)
      // Values below 2048 are exact in a histogram.
      const known = Array.from(
        { length: 1 + Math.floor(draw('n', 0) * 40) },
        (_, i) => 1 + Math.floor(draw('x', i) * 2000),
      )
      const ages = Array.from({ length: Math.floor(draw('m', 0) * 12) }, (_, i) => 1 + Math.floor(draw('a', i) * 2000))
      const sample = sampleOf(known, ages)
      for (const percent of [50, 90, 95, 99, 99.9]) {
        const possible = [0, 0.3, 0.7, 1].map((share) =>
          nearestRank([...known, ...ages.map((age, i) => (draw('grow', i) < share ? ENDLESS : age))], percent),
        )
        const { value, isLowerBound } = sample.percentile(percent)
        expect(Math.min(...possible)).toBe(value)
        expect(isLowerBound).toBe(Math.max(...possible) > value * 1.01)
      }
    }
  })
})

function nearestRank(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.ceil(Number(((percent / 100) * sorted.length).toFixed(9)))
  return sorted[rank - 1] ?? Number.NaN
}
