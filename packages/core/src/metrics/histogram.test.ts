import * as hdr from 'hdr-histogram-js'
import { describe, expect, test } from 'vitest'
import { Histogram } from './histogram.js'
import { checkHistogram, type HistogramData } from './histogram-data.js'

/** Log-normal-like values over five decades, the same on every run. */
function samples(n: number): number[] {
  let state = 42
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return Math.round(10 ** (1 + (5 * state) / 0x7fffffff))
  })
}

function histogramOf(values: number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe('Histogram', () => {
  test('percentiles are within 0.1 % of the exact ones', () => {
    const values = samples(20_000)
    const sorted = values.toSorted((a, b) => a - b)
    const histogram = histogramOf(values)
    for (const percent of [1, 50, 90, 99, 99.9]) {
      const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? Number.NaN
      expect(Math.abs(histogram.percentile(percent) - exact) / exact).toBeLessThan(0.001)
    }
  })

  test.each([0, 1, 1023, 1024, 2047, 2048, 2049, 4095, 4096, 65_537, 2 ** 31 - 1, 2 ** 31, 3_599_999_999])(
    '%d is found again within 0.1 %%, wherever the borders of buckets are',
    (value) => {
      const median = histogramOf([0, value, 3_600_000_000]).percentile(50)
      expect(median).toBeGreaterThanOrEqual(value)
      expect(median).toBeLessThanOrEqual(value * 1.001)
    },
  )

  test('the value at a rank has so many before it', () => {
    const histogram = histogramOf([5, 1, 3, 3, 9])
    expect([1, 2, 3, 4, 5].map((rank) => histogram.valueAtRank(rank))).toEqual([1, 3, 3, 5, 9])
  })

  test('records, reads and merges may take turns', () => {
    const histogram = histogramOf([10, 20])
    expect(histogram.percentile(100)).toBe(20)
    histogram.record(40)
    const other = histogramOf([1, 2])
    other.add(histogram)
    histogram.merge(histogramOf([80]).toData())
    expect([histogram.count, histogram.percentile(50), histogram.max]).toEqual([4, 20, 80])
    expect([other.count, other.percentile(50), other.mean]).toEqual([5, 10, 73 / 5])
    expect(histogram.takeData()?.count).toBe(4)
    histogram.record(7)
    expect([histogram.count, histogram.percentile(50), histogram.max]).toEqual([1, 7, 7])
  })

  test('count, mean, minimum and maximum are exact', () => {
    const histogram = histogramOf([1_234_567, 3, 8])
    expect(histogram.count).toBe(3)
    expect(histogram.mean).toBe((1_234_567 + 3 + 8) / 3)
    expect(histogram.min).toBe(3)
    expect(histogram.max).toBe(1_234_567)
  })

  test('no percentile is above the maximum or below the minimum', () => {
    const histogram = histogramOf([1_234_567])
    for (const percent of [0, 50, 99.99, 100]) expect(histogram.percentile(percent)).toBe(1_234_567)
  })

  test('eight parts sent one by one are the same as the whole', () => {
    const values = samples(8_000)
    const whole = histogramOf(values)
    const merged = new Histogram()
    for (let part = 0; part < 8; part++) merged.merge(histogramOf(values.filter((_, i) => i % 8 === part)).toData())
    expect(merged.toData()).toEqual(whole.toData())
  })

  test('what was taken is sent once', () => {
    const histogram = histogramOf([5, 6])
    const first = histogram.takeData()
    histogram.record(7)
    const second = histogram.takeData()
    expect([first?.count, second?.count, histogram.takeData()]).toEqual([2, 1, null])
    expect(second?.min).toBe(7)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('%s is refused and shifts nothing', (value) => {
    const histogram = histogramOf([10])
    expect(() => histogram.record(value)).toThrow(RangeError)
    expect(histogram.percentile(99)).toBe(10)
    expect(histogram.count).toBe(1)
  })

  test('values above one hour are in the last bucket, and exact as the maximum', () => {
    const histogram = histogramOf([1, 3_600_000_001, 7_200_000_000])
    expect([histogram.percentile(10), histogram.percentile(50), histogram.max]).toEqual([
      1, 7_200_000_000, 7_200_000_000,
    ])
  })

  test('has the percentiles of HdrHistogram', () => {
    const values = samples(20_000)
    const theirs = hdr.build({ lowestDiscernibleValue: 1, highestTrackableValue: 3_600_000_000, useWebAssembly: false })
    for (const value of values) theirs.recordValue(value)
    const ours = histogramOf(values)
    // Half a rank less: where the share of a rank is not exact, theirs may be the next. And theirs may exceed the maximum.
    for (let rank = 1; rank <= values.length; rank += 7) {
      const theirValue = theirs.getValueAtPercentile(((rank - 0.5) / values.length) * 100)
      expect(ours.valueAtRank(rank)).toBe(Math.min(theirValue, ours.max))
    }
  })

  test('has the buckets of HdrHistogram, around each of their borders', () => {
    for (let border = 1; border < 2 ** 31; border *= 2) {
      for (const value of [border - 1, border, border + 1, Math.floor(border * 1.37)]) {
        const theirs = hdr.build({
          lowestDiscernibleValue: 1,
          highestTrackableValue: 3_600_000_000,
          useWebAssembly: false,
        })
        theirs.recordValue(value)
        const ours = histogramOf([0, value, 3_600_000_000])
        expect(ours.percentile(50)).toBe(theirs.getValueAtPercentile(50))
      }
    }
  })

  test('more values than fit 32 bits count exactly', () => {
    const histogram = histogramOf([])
    const part = { count: 3_000_000_000, sum: 21_000_000_000, min: 7, max: 7, counts: '7x3000000000' }
    for (let i = 0; i < 3; i++) histogram.merge(part)
    expect([histogram.count, histogram.mean, histogram.toData().counts]).toEqual([9e9, 7, '7x9000000000'])
  })

  test('counts up to a bound what is at most the bound, and never less for a larger bound', () => {
    const values = samples(20_000)
    const bounds = [5, 100, 1000, 12_345, 99_999, 1_000_000, 3_600_000_000]
    const counts = histogramOf(values).countsUpTo(bounds)
    const exact = (bound: number): number => values.filter((value) => value <= bound).length
    for (const [i, bound] of bounds.entries()) {
      expect(counts[i]).toBeGreaterThanOrEqual(exact(bound))
      expect(counts[i]).toBeLessThanOrEqual(exact(bound * 1.001))
    }
    expect(counts[0]).toBe(0)
    expect(counts.at(-1)).toBe(20_000)
    expect(new Histogram().countsUpTo([1, 10])).toEqual([0, 0])
  })

  test('an empty histogram has no numbers, not zeroes', () => {
    const empty = new Histogram()
    expect([empty.mean, empty.min, empty.max, empty.percentile(50)]).toEqual(Array(4).fill(Number.NaN))
  })
})

describe('what a histogram is said to have recorded', () => {
  const data: HistogramData = histogramOf([5, 5, 3000, 70_000]).toData()

  test.each([[0], [1, 1, 1], [3_600_000_000], [0, 7_200_000_000, 9_000_000_000], samples(5000)])(
    'is possible if one recorded it',
    (...values) => expect(() => checkHistogram(histogramOf(values).toData())).not.toThrow(),
  )

  test.each<[story: string, change: Partial<HistogramData>]>([
    ['nothing', { count: 0, sum: 0, min: 0, max: 0, counts: '' }],
    ['another count', { count: 5 }],
    ['a bucket behind the last', { counts: '5x2 2517 999999', max: 1e12, sum: 1e12 }],
    ['a bucket without a value', { counts: '5x2 100x0 2416 6126' }],
    ['counts beyond what a number holds', { count: 2 ** 60, counts: `5x${2 ** 60} 2517 6126` }],
    ['a minimum in another bucket', { min: 4 }],
    ['a maximum in another bucket', { max: 71_000 }],
    ['a fraction', { min: 5.5 }],
    ['a sum that is too small', { sum: 70_000 }],
    ['a sum that is too large', { sum: 80_000 }],
    ['a sum that is none', { sum: Number.NaN }],
    ['a minimum below zero', { min: -1 }],
  ])('is refused with %s', (_story, change) => {
    expect(() => checkHistogram({ ...data, ...change })).toThrow(RangeError)
  })
})
