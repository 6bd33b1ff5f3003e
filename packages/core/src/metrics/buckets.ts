/**
 * The buckets of an HDR histogram of three significant digits: 2048 of one value each, then 1024 for
 * each doubling, so that every value is within 0.1 % of all others in its bucket.
 */

const LINEAR_BITS = 10

/** For microseconds that is an hour; what is larger stands in the last bucket. */
const HIGHEST_VALUE = 3_600_000_000

/** Place of a value, an integer of 0 or more. */
export function bucketOf(value: number): number {
  const counted = Math.min(value, HIGHEST_VALUE)
  const shift = Math.max(0, 31 - LINEAR_BITS - Math.clz32(counted))
  return (shift << LINEAR_BITS) + (counted >>> shift)
}

export const LAST_BUCKET = bucketOf(HIGHEST_VALUE)

/** The smallest value of a bucket. */
export function smallestOf(bucket: number): number {
  const shift = Math.max(0, (bucket >> LINEAR_BITS) - 1)
  return ((bucket - (shift << LINEAR_BITS)) << shift) >>> 0
}

/** The largest value of a bucket; of the last, Infinity. */
export function largestOf(bucket: number): number {
  return bucket < LAST_BUCKET ? smallestOf(bucket + 1) - 1 : Number.POSITIVE_INFINITY
}
