import { bucketOf, largestOf } from './buckets.js'
import type { HistogramData } from './histogram-data.js'
import { readCounts, SparseText } from './sparse-counts.js'

/** Room for counts is made in steps of so many buckets. */
const STEP = 256

/**
 * An HDR histogram of non-negative integers: within 0.1 % up to an hour of microseconds, with exact
 * count, sum, minimum and maximum beside it. Its buckets are always the same, so adding loses
 * nothing. Recording is straight: there is a record for every token.
 */
export class Histogram {
  /** From bucket `#first` on, as far as values have come. Doubles, which count to 2⁵³: tokens of a large fleet are more than 2³². */
  #counts = new Float64Array(0)
  #first = 0
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  get count(): number {
    return this.#count
  }

  /** Exact sum of the recorded integers. */
  get sum(): number {
    return this.#sum
  }

  /** Smallest value recorded; NaN without values. */
  get min(): number {
    return this.#count === 0 ? Number.NaN : this.#min
  }

  /** Largest value recorded; NaN without values. */
  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max
  }

  /** Exact mean; NaN without values. */
  get mean(): number {
    return this.#sum / this.#count
  }

  /** Records a value, rounded to an integer; throws a RangeError on anything that is no number of 0 or more. */
  record(value: number): void {
    const integer = Math.round(value)
    if (!(integer >= 0 && integer < Number.POSITIVE_INFINITY)) throw new RangeError(`cannot record ${value}`)
    const bucket = bucketOf(integer)
    let at = bucket - this.#first
    if (at < 0 || at >= this.#counts.length) {
      this.#makeRoom(bucket, bucket)
      at = bucket - this.#first
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#count++
    this.#sum += integer
    if (integer < this.#min) this.#min = integer
    if (integer > this.#max) this.#max = integer
  }

  /** Value at a percentile 0…100, by the nearest rank, within 0.1 % and never beyond [min, max]; NaN without values. */
  percentile(percent: number): number {
    return this.valueAtRank(nearestRank(percent, this.#count))
  }

  /** The value with `rank` − 1 values before it in order, 1 … count; within 0.1 %, and never beyond [min, max]. */
  valueAtRank(rank: number): number {
    if (this.#count === 0) return Number.NaN
    const last = bucketOf(this.#max)
    let upTo = 0
    for (let bucket = bucketOf(this.#min); bucket < last; bucket++) {
      upTo += this.#counts[bucket - this.#first] ?? 0
      if (upTo >= rank) return largestOf(bucket)
    }
    return this.#max
  }

  /** How many values are at most each of these, which ascend; values within 0.1 % above count too. */
  countsUpTo(bounds: readonly number[]): number[] {
    let at = 0
    let upTo = 0
    return bounds.map((bound) => {
      const end = Math.min(bucketOf(Math.round(bound)) - this.#first + 1, this.#counts.length)
      for (; at < end; at++) upTo += this.#counts[at] ?? 0
      return upTo
    })
  }

  /** Adds what another histogram holds. */
  add(other: Histogram): void {
    if (other.#count === 0) return
    const last = bucketOf(other.#max)
    this.#makeRoom(bucketOf(other.#min), last)
    for (let bucket = bucketOf(other.#min); bucket <= last; bucket++) {
      const at = bucket - this.#first
      this.#counts[at] = (this.#counts[at] ?? 0) + (other.#counts[bucket - other.#first] ?? 0)
    }
    this.#addSums(other.#count, other.#sum, other.#min, other.#max)
  }

  /** Everything recorded since the last take; the histogram is empty afterwards. Null if that is nothing. */
  takeData(): HistogramData | null {
    if (this.#count === 0) return null
    const data = this.toData()
    this.#counts.fill(0, bucketOf(this.#min) - this.#first, bucketOf(this.#max) - this.#first + 1)
    this.#count = 0
    this.#sum = 0
    this.#min = Number.POSITIVE_INFINITY
    this.#max = 0
    return data
  }

  toData(): HistogramData {
    const text = new SparseText()
    const last = this.#count === 0 ? -1 : bucketOf(this.#max)
    for (let bucket = bucketOf(this.#min); bucket <= last; bucket++) {
      const count = this.#counts[bucket - this.#first] ?? 0
      if (count > 0) text.add(bucket, count)
    }
    const min = this.#count === 0 ? 0 : this.#min
    return { count: this.#count, sum: this.#sum, min, max: this.#max, counts: text.toString() }
  }

  /** Adds counts, which `checkHistogram` has seen if they are from elsewhere: lossless, and the order does not matter. */
  merge({ count, sum, min, max, counts }: HistogramData): void {
    if (count === 0) return
    this.#makeRoom(bucketOf(min), bucketOf(max))
    readCounts(counts, (bucket, added) => {
      const at = bucket - this.#first
      this.#counts[at] = (this.#counts[at] ?? 0) + added
    })
    this.#addSums(count, sum, min, max)
  }

  #makeRoom(from: number, to: number): void {
    const hasAny = this.#counts.length > 0
    const end = this.#first + this.#counts.length
    if (hasAny && from >= this.#first && to < end) return
    const step = from - (from % STEP)
    const first = hasAny ? Math.min(step, this.#first) : step
    const counts = new Float64Array(Math.max(to - (to % STEP) + STEP, end) - first)
    if (hasAny) counts.set(this.#counts, this.#first - first)
    this.#counts = counts
    this.#first = first
  }

  #addSums(count: number, sum: number, min: number, max: number): void {
    this.#count += count
    this.#sum += sum
    this.#min = Math.min(this.#min, min)
    this.#max = Math.max(this.#max, max)
  }
}

/** The nearest rank, 1 … count; what is a millionth above a whole number is that number, inexactly computed. */
export const nearestRank = (percent: number, count: number): number =>
  Math.max(1, Math.ceil((percent / 100) * count - 1e-6))
