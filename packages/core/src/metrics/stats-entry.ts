import { readCounts, SparseText } from './sparse-counts.js'

/** Ten hours: what is larger stands in this bucket, so that a table has an end. Minimum and maximum stay exact. */
const HIGHEST_BUCKET = 36_000_000

/** Rows that one table has at most: there is one for each path and for each metric. */
export const MAX_ROWS = 200

/** A sum of fractions is off by less than that, in parts of it. */
const SUM_ERROR = 1e-9

/** One row of Locust's table, or what was added to it, as plain JSON. */
export interface StatsEntryData {
  readonly method: string
  readonly name: string
  readonly numRequests: number
  readonly numFailures: number
  /** Sum of the values as they came, before they were put into buckets. */
  readonly totalResponseTimeMs: number
  /** Null without requests. */
  readonly minMs: number | null
  /** 0 without requests. */
  readonly maxMs: number
  readonly totalContentLength: number
  /** How many values fell into each bucket, by its value, as `SparseText` writes it. */
  readonly responseTimes: string
}

/** Throws a RangeError on what no row can have taken. */
export function checkStatsEntry(data: StatsEntryData): void {
  const { numRequests, numFailures, totalResponseTimeMs, minMs, maxMs, responseTimes } = data
  let total = 0
  let first: number | null = null
  let last = 0
  readCounts(responseTimes, (bucket, count) => {
    if (count < 1 || bucketResponseTime(bucket) !== bucket) throw new RangeError(`${count} values in bucket ${bucket}`)
    total += count
    first ??= bucket
    last = bucket
  })
  if (total !== numRequests || numFailures > numRequests) {
    throw new RangeError(`${numRequests} requests, ${numFailures} failures, ${total} values`)
  }
  const lowest = minMs === null ? null : bucketResponseTime(minMs)
  if (lowest !== first || bucketResponseTime(maxMs) !== last) {
    throw new RangeError(`values from ${minMs} to ${maxMs} in the buckets ${first} to ${last}`)
  }
  const [least, most] = [total * (minMs ?? 0) * (1 - SUM_ERROR), total * maxMs * (1 + SUM_ERROR)]
  if (totalResponseTimeMs < least || totalResponseTimeMs > most) {
    throw new RangeError(`a sum of ${totalResponseTimeMs}, of ${total} values from ${minMs} to ${maxMs}`)
  }
}

/**
 * One row of Locust's table (`stats.py:StatsEntry`): requests of one method and name. A row of
 * method METRIC holds other values than milliseconds under the same names; nothing here minds.
 *
 * Locust also has requests without a response time, which it counts but does not measure. Ours all
 * have one, so there is no count of those.
 */
export class StatsEntry {
  numRequests = 0
  numFailures = 0
  totalResponseTimeMs = 0
  minMs: number | null = null
  maxMs = 0
  totalContentLength = 0
  readonly #responseTimes = new Map<number, number>()

  constructor(
    readonly method: string,
    readonly name: string,
  ) {}

  /** How many values fell into each bucket. */
  get responseTimes(): ReadonlyMap<number, number> {
    return this.#responseTimes
  }

  get isEmpty(): boolean {
    return this.numRequests === 0 && this.numFailures === 0
  }

  /** Books a finished request; throws a RangeError on a time that is no number of 0 or more. */
  log(responseTimeMs: number, contentLength: number): void {
    if (!(responseTimeMs >= 0 && responseTimeMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`${this.method} ${this.name} cannot have taken ${responseTimeMs}`)
    }
    this.numRequests++
    this.totalResponseTimeMs += responseTimeMs
    this.totalContentLength += contentLength
    this.#include(responseTimeMs, responseTimeMs)
    this.#count(bucketResponseTime(responseTimeMs), 1)
  }

  /** Books a failure, beside `log` of the same request: failures are part of requests, times and percentiles. */
  logFailure(): void {
    this.numFailures++
  }

  /** Adds what another entry of the same row took, and `checkStatsEntry` has seen if it is from elsewhere. The order does not matter. */
  merge(data: StatsEntryData): void {
    this.numRequests += data.numRequests
    this.numFailures += data.numFailures
    this.totalResponseTimeMs += data.totalResponseTimeMs
    this.totalContentLength += data.totalContentLength
    if (data.minMs !== null) this.#include(data.minMs, data.maxMs)
    readCounts(data.responseTimes, (bucket, count) => this.#count(bucket, count))
  }

  /** Everything since the last take; the entry is empty afterwards. */
  takeData(): StatsEntryData {
    const data = this.toData()
    this.#reset()
    return data
  }

  toData(): StatsEntryData {
    const responseTimes = new SparseText()
    for (const [bucket, count] of this.#ascendingBuckets()) responseTimes.add(bucket, count)
    return {
      method: this.method,
      name: this.name,
      numRequests: this.numRequests,
      numFailures: this.numFailures,
      totalResponseTimeMs: this.totalResponseTimeMs,
      minMs: this.minMs,
      maxMs: this.maxMs,
      totalContentLength: this.totalContentLength,
      responseTimes: responseTimes.toString(),
    }
  }

  /** Exact mean; 0 without requests. */
  get avg(): number {
    return this.numRequests === 0 ? 0 : this.totalResponseTimeMs / this.numRequests
  }

  /**
   * Locust's Med column: the lower median of the buckets, moved into [min, max]. With an even count
   * it may be below `percentile(0.5)`, which is the upper one. 0 without requests.
   */
  get median(): number {
    let position = (this.numRequests - 1) / 2
    for (const [bucket, count] of this.#ascendingBuckets()) {
      if (position < count) return Math.min(Math.max(bucket, this.minMs ?? bucket), this.maxMs)
      position -= count
    }
    return 0
  }

  /** Failures per request, 0…1; 1 for failures without any request. */
  get failRatio(): number {
    if (this.numRequests === 0) return this.numFailures > 0 ? 1 : 0
    return this.numFailures / this.numRequests
  }

  /** Bucket of the value at rank ⌊n · p⌋ (from 0) of the sorted values, p in 0…1; 0 without requests. */
  percentile(p: number): number {
    const rank = Math.min(Math.trunc(this.numRequests * p), this.numRequests - 1)
    let below = 0
    for (const [bucket, count] of this.#ascendingBuckets()) {
      below += count
      if (rank < below) return bucket
    }
    return 0
  }

  #ascendingBuckets(): [bucket: number, count: number][] {
    return [...this.#responseTimes].sort(([a], [b]) => a - b)
  }

  #include(minMs: number, maxMs: number): void {
    this.minMs = Math.min(this.minMs ?? minMs, minMs)
    this.maxMs = Math.max(this.maxMs, maxMs)
  }

  #count(bucket: number, count: number): void {
    this.#responseTimes.set(bucket, (this.#responseTimes.get(bucket) ?? 0) + count)
  }

  #reset(): void {
    this.numRequests = 0
    this.numFailures = 0
    this.totalResponseTimeMs = 0
    this.minMs = null
    this.maxMs = 0
    this.totalContentLength = 0
    this.#responseTimes.clear()
  }
}

/**
 * The bucket of a response time, as Locust rounds it: to 1 ms below 100, to 10 below 1000, to 100
 * below 10 000, else to 1000; a tie goes to the even neighbour. Up to 100 s that is 371 buckets.
 */
export function bucketResponseTime(ms: number): number {
  const step = ms < 100 ? 1 : ms < 1000 ? 10 : ms < 10_000 ? 100 : 1000
  const steps = Math.floor(ms / step)
  const rest = ms - steps * step
  const roundsUp = rest > step / 2 || (rest === step / 2 && steps % 2 === 1)
  return Math.min((roundsUp ? steps + 1 : steps) * step, HIGHEST_BUCKET)
}
