import * as hdr from 'hdr-histogram-js'

/** 1 … 3.6e9 at three significant digits: for microseconds that is 1 µs to 1 h within 0.1 %. The same everywhere, or merging is not lossless. */
const CONFIG = {
  bitBucketSize: 32,
  autoResize: false,
  lowestDiscernibleValue: 1,
  highestTrackableValue: 3_600_000_000,
  numberOfSignificantValueDigits: 3,
  useWebAssembly: false,
} as const

/** HDR's buckets at three digits: 2048 of one value each, then 1024 for each doubling. */
const LINEAR_BITS = 10

/** Place of a value, an integer of at most 32 bits, among all buckets. */
function bucketOf(value: number): number {
  const shift = Math.max(0, 31 - LINEAR_BITS - Math.clz32(value))
  return (shift << LINEAR_BITS) + (value >>> shift)
}

/** The smallest value of a bucket. */
function smallestOf(bucket: number): number {
  const shift = Math.max(0, (bucket >> LINEAR_BITS) - 1)
  return (bucket - (shift << LINEAR_BITS)) * 2 ** shift
}

const BUCKETS = bucketOf(CONFIG.highestTrackableValue) + 1

/** What one histogram recorded, as plain JSON. */
export interface HistogramData {
  readonly count: number
  /** Exact sum of the recorded integers. */
  readonly sum: number
  readonly min: number
  readonly max: number
  /** Values that were above the range and stand in the highest bucket; `max` is still exact. */
  readonly clamped: number
  /** HDR V2, deflated, base64: any HDR library reads it. */
  readonly hdr: string
}

/**
 * An HDR histogram of non-negative integers with exact count, sum, minimum and maximum beside it.
 * The only user of hdr-histogram-js: it guards against what that library lets through (NaN shifts
 * ranks, percentiles may exceed the maximum), and counts by itself first, because its own recording
 * goes by logarithms and takes ten times as long; there is a record for every token.
 */
export class Histogram {
  readonly #hdr = hdr.build(CONFIG)
  /** Counts that are not in `#hdr` yet, by bucket; made by the first record. */
  #fresh: Uint32Array | null = null
  #isFresh = false
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0
  #clamped = 0

  get count(): number {
    return this.#count
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

  /** Records a value, rounded to an integer; throws on anything that is no number of 0 or more. */
  record(value: number): void {
    const integer = Math.round(value)
    if (!(integer >= 0 && integer < Number.POSITIVE_INFINITY)) throw new RangeError(`cannot record ${value}`)
    if (integer > CONFIG.highestTrackableValue) this.#clamped++
    const bucket = bucketOf(Math.min(integer, CONFIG.highestTrackableValue))
    this.#fresh ??= new Uint32Array(BUCKETS)
    this.#fresh[bucket] = (this.#fresh[bucket] ?? 0) + 1
    this.#isFresh = true
    this.#count++
    this.#sum += integer
    if (integer < this.#min) this.#min = integer
    if (integer > this.#max) this.#max = integer
  }

  /** Value at a percentile 0…100, within 0.1 % and never beyond [min, max]; NaN without values. */
  percentile(percent: number): number {
    if (this.#count === 0) return Number.NaN
    if (percent >= 100) return this.#max
    this.#settle()
    return Math.min(Math.max(this.#hdr.getValueAtPercentile(percent), this.#min), this.#max)
  }

  /** The value with `rank` − 1 values before it in order, 1 … count; within 0.1 %, and never beyond [min, max]. */
  valueAtRank(rank: number): number {
    // Half a rank less: the library rounds up, and the product must not step over a whole number.
    return this.percentile(((rank - 0.5) / this.#count) * 100)
  }

  /** Adds what another histogram holds. */
  add(other: Histogram): void {
    other.#settle()
    this.#hdr.add(other.#hdr)
    this.#addSums(other.#count, other.#sum, other.#clamped, other.#min, other.#max)
  }

  /** Everything recorded since the last take; the histogram is empty afterwards. Null if that is nothing. */
  takeData(): HistogramData | null {
    if (this.#count === 0) return null
    const data = this.toData()
    this.#hdr.reset()
    this.#count = 0
    this.#sum = 0
    this.#min = Number.POSITIVE_INFINITY
    this.#max = 0
    this.#clamped = 0
    return data
  }

  toData(): HistogramData {
    this.#settle()
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      clamped: this.#clamped,
      hdr: hdr.encodeIntoCompressedBase64(this.#hdr),
    }
  }

  /** Adds counts: lossless, and the order does not matter. */
  merge(data: HistogramData): void {
    if (data.count === 0) return
    this.#hdr.add(hdr.decodeFromCompressedBase64(data.hdr, CONFIG.bitBucketSize))
    this.#addSums(data.count, data.sum, data.clamped, data.min, data.max)
  }

  #settle(): void {
    const fresh = this.#fresh
    if (fresh === null || !this.#isFresh) return
    const first = bucketOf(Math.min(this.#min, CONFIG.highestTrackableValue))
    const last = bucketOf(Math.min(this.#max, CONFIG.highestTrackableValue))
    for (let bucket = first; bucket <= last; bucket++) {
      const count = fresh[bucket] ?? 0
      if (count > 0) this.#hdr.recordValueWithCount(smallestOf(bucket), count)
    }
    fresh.fill(0, first, last + 1)
    this.#isFresh = false
  }

  #addSums(count: number, sum: number, clamped: number, min: number, max: number): void {
    this.#count += count
    this.#sum += sum
    this.#clamped += clamped
    this.#min = Math.min(this.#min, min)
    this.#max = Math.max(this.#max, max)
  }
}
