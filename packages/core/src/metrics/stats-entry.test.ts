import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bucketResponseTime, checkStatsEntry, StatsEntry, type StatsEntryData } from './stats-entry.js'

/** One sample, the same sample several times, or consecutive integers. */
type Samples = number | { value: number; times: number } | { from: number; to: number }

interface Vectors {
  buckets: [ms: number, bucket: number][]
  entries: {
    name: string
    samples: Samples[]
    requests: number
    avg: number
    median: number
    min: number
    max: number
    percentiles: [p: number, bucket: number][]
    buckets: [bucket: number, count: number][]
  }[]
}

const LOCUST: Vectors = JSON.parse(readFileSync(new URL('fixtures/locust-entries.json', import.meta.url), 'utf8'))

function expanded(samples: Samples[]): number[] {
  return samples.flatMap((sample) => {
    if (typeof sample === 'number') return sample
    if ('times' in sample) return Array<number>(sample.times).fill(sample.value)
    return Array.from({ length: sample.to - sample.from + 1 }, (_, i) => sample.from + i)
  })
}

function entryOf(samples: number[]): StatsEntry {
  const entry = new StatsEntry('POST', '/v1/completions')
  for (const sample of samples) entry.log(sample, 10)
  return entry
}

describe('bucketResponseTime', () => {
  test.each(LOCUST.buckets)('%d ms fall into bucket %d', (ms, bucket) => {
    expect(bucketResponseTime(ms)).toBe(bucket)
  })

  test('there are 371 buckets up to 100 s', () => {
    const buckets = new Set(Array.from({ length: 1_000_001 }, (_, i) => bucketResponseTime(i / 10)))
    expect(buckets.size).toBe(371)
  })

  test('ten hours are the last of them', () => {
    expect([35_999_499, 36_000_000, 1e12].map(bucketResponseTime)).toEqual([35_999_000, 36_000_000, 36_000_000])
  })
})

describe('what a row is said to have taken', () => {
  const taken = entryOf([3, 20.4, 20.4, 1234]).takeData()

  test.each([entryOf([]), entryOf([0]), entryOf([0.4, 0.5, 1e9]), entryOf([3, 20.4, 20.4, 1234])])(
    'is possible if a row took it',
    (entry) => expect(() => checkStatsEntry(entry.takeData())).not.toThrow(),
  )

  test.each<[story: string, change: Partial<StatsEntryData>]>([
    ['more requests than values', { numRequests: 5 }],
    ['more failures than requests', { numFailures: 5 }],
    ['no values', { responseTimes: '' }],
    ['a bucket that Locust does not have', { responseTimes: '3 16x2 1184', maxMs: 1205 }],
    ['a minimum in another bucket', { minMs: 5 }],
    ['no minimum', { minMs: null }],
    ['a maximum in another bucket', { maxMs: 2000 }],
    ['values that cannot have this sum', { totalResponseTimeMs: 5000 }],
    ['a sum below all values', { totalResponseTimeMs: -1 }],
  ])('is refused with %s', (_story, change) => {
    expect(() => checkStatsEntry({ ...taken, ...change })).toThrow(RangeError)
  })
})

describe('StatsEntry', () => {
  describe.each(LOCUST.entries)('with samples $name', (vector) => {
    const entry = entryOf(expanded(vector.samples))

    test('has Locust’s average, median and limits', () => {
      expect(entry.numRequests).toBe(vector.requests)
      expect(entry.avg).toBe(vector.avg)
      expect([entry.median, entry.minMs, entry.maxMs]).toEqual([vector.median, vector.min, vector.max])
    })

    test('has Locust’s buckets and percentiles', () => {
      expect([...entry.responseTimes].sort(([a], [b]) => a - b)).toEqual(vector.buckets)
      for (const [p, bucket] of vector.percentiles) expect([p, entry.percentile(p)]).toEqual([p, bucket])
    })
  })

  test('percentile 0 is the smallest bucket', () => {
    expect(entryOf([7, 900, 12]).percentile(0)).toBe(7)
  })

  test('an empty entry has zeroes and no minimum', () => {
    const entry = entryOf([])
    expect([entry.avg, entry.median, entry.maxMs, entry.failRatio, entry.percentile(0.5)]).toEqual([0, 0, 0, 0, 0])
    expect(entry.minMs).toBeNull()
    expect(entry.isEmpty).toBe(true)
  })

  test.each([
    { requests: 10, failures: 0, ratio: 0 },
    { requests: 10, failures: 5, ratio: 0.5 },
    { requests: 10, failures: 10, ratio: 1 },
    { requests: 0, failures: 2, ratio: 1 }, // failures that no request was booked for are still failures
  ])('$failures failures of $requests requests are a ratio of $ratio', ({ requests, failures, ratio }) => {
    const entry = entryOf(Array<number>(requests).fill(1))
    for (let i = 0; i < failures; i++) entry.logFailure()
    expect(entry.failRatio).toBe(ratio)
    expect(entry.isEmpty).toBe(false)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('%s is refused and changes nothing', (value) => {
    const entry = entryOf([10])
    expect(() => entry.log(value, 5)).toThrow(RangeError)
    expect([entry.numRequests, entry.avg, entry.totalContentLength]).toEqual([1, 10, 10])
  })
})

describe('merging StatsEntry', () => {
  test('two workers’ entries make the whole that Locust’s own test expects', () => {
    const merged = entryOf([])
    for (const { samples, failures } of [
      { samples: [12, 12, 38], failures: 1 },
      { samples: [12, 99, 14, 55, 38, 55, 97], failures: 2 },
    ]) {
      const part = entryOf(samples)
      for (let i = 0; i < failures; i++) part.logFailure()
      merged.merge(JSON.parse(JSON.stringify(part.takeData())))
    }
    expect([merged.numRequests, merged.numFailures, merged.median, merged.avg]).toEqual([10, 3, 38, 43.2])
  })

  test('the order of the parts does not matter', () => {
    const parts = [[800, 0.25], [], [12_345.5], [3, 3]]
    const forwards = entryOf([])
    const backwards = entryOf([])
    for (const part of parts) forwards.merge(entryOf(part).takeData())
    for (const part of parts.toReversed()) backwards.merge(entryOf(part).takeData())
    const whole = entryOf(parts.flat()).takeData()
    for (const merged of [forwards.takeData(), backwards.takeData()]) expect(merged).toEqual(whole)
  })

  test('what was taken is sent once', () => {
    const entry = entryOf([5, 600])
    entry.logFailure()
    const first = entry.takeData()
    expect(entry.isEmpty).toBe(true)
    entry.log(7, 1)
    expect(first).toMatchObject({ numRequests: 2, numFailures: 1, minMs: 5, maxMs: 600, totalContentLength: 20 })
    expect(entry.takeData()).toEqual({
      method: 'POST',
      name: '/v1/completions',
      numRequests: 1,
      numFailures: 0,
      totalResponseTimeMs: 7,
      minMs: 7,
      maxMs: 7,
      totalContentLength: 1,
      responseTimes: '7',
    })
  })

  test('a minimum of 0 ms survives, and an empty part does not make one', () => {
    const entry = entryOf([0])
    entry.merge(entryOf([]).takeData())
    expect([entry.minMs, entry.maxMs, entry.numRequests]).toEqual([0, 0, 1])
    const late = entryOf([])
    late.merge(entryOf([]).takeData())
    late.merge(entryOf([30]).takeData())
    expect(late.minMs).toBe(30)
  })
})
