import { describe, expect, test } from 'vitest'
import { Histogram } from './histogram.js'

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

  test('a value above one hour is clamped in the buckets, counted, and exact as the maximum', () => {
    const histogram = histogramOf([7_200_000_000])
    expect(histogram.toData().clamped).toBe(1)
    expect(histogram.max).toBe(7_200_000_000)
  })

  test('an empty histogram has no numbers, not zeroes', () => {
    const empty = new Histogram()
    expect([empty.mean, empty.min, empty.max, empty.percentile(50)]).toEqual(Array(4).fill(Number.NaN))
  })
})
