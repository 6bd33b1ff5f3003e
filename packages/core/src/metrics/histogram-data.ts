import { bucketOf, LAST_BUCKET, largestOf, smallestOf } from './buckets.js'
import { readCounts } from './sparse-counts.js'

/** What one histogram recorded, as plain JSON. */
export interface HistogramData {
  readonly count: number
  /** Exact sum of the recorded integers. */
  readonly sum: number
  readonly min: number
  readonly max: number
  /** How many values fell into each bucket (see buckets.ts), as `SparseText` writes it. */
  readonly counts: string
}

/** Throws a RangeError on what no histogram can have recorded, and on nothing at all. */
export function checkHistogram({ count, sum, min, max, counts }: HistogramData): void {
  let total = 0
  let first = -1
  let last = -1
  let least = 0
  let most = 0
  readCounts(counts, (bucket, inBucket) => {
    if (bucket > LAST_BUCKET) throw new RangeError(`a bucket ${bucket}, of ${LAST_BUCKET}`)
    if (inBucket < 1) throw new RangeError(`a count of ${inBucket}`)
    total += inBucket
    if (first < 0) first = bucket
    last = bucket
    least += inBucket * smallestOf(bucket)
    most += inBucket * Math.min(largestOf(bucket), max)
  })
  if (total !== count || !Number.isSafeInteger(count)) throw new RangeError(`a count of ${count}, of ${total} values`)
  if (![sum, min, max].every(Number.isSafeInteger) || min < 0 || bucketOf(min) !== first || bucketOf(max) !== last) {
    throw new RangeError(`values from ${min} to ${max} in the buckets ${first} to ${last}`)
  }
  if (sum < least || sum > most)
    throw new RangeError(`a sum of ${sum}, of values that are ${least} to ${most} together`)
}
