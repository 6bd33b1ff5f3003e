import { Histogram, nearestRank } from './histogram.js'

/** The percentiles of reports, by name. */
export const REPORTED_PERCENTILES = { p50: 50, p90: 90, p95: 95, p99: 99, p999: 99.9 } as const
export type PercentileName = keyof typeof REPORTED_PERCENTILES

/** How sure the largest of n values should be not below a percentile, for n to support it. */
const CONFIDENCE = 0.95

/**
 * The smallest number of values for which the largest of them is an upper bound of the true
 * percentile with 95 % confidence: 1 − q^n ≥ 0.95. 29 for p90, 59 for p95, 299 for p99, 2995 for p99.9.
 */
export const smallestCount = (percent: number): number => Math.ceil(Math.log(1 - CONFIDENCE) / Math.log(percent / 100))

/** Below it the least and the greatest that a percentile can be are the same number to a reader. */
const TIGHT = 1.01

/** What is known of a percentile of values some of which are known only to be at least so large. */
export interface BoundedPercentile {
  /** The least that it can be. */
  readonly value: number
  /** It may be more than that. */
  readonly isLowerBound: boolean
}

/**
 * Values of which some were cut off while they grew. Nothing is assumed of those but that each is at
 * least as large as it had become: a percentile is between the one where all stop there, which is
 * what is told, and the one where all grow without end.
 */
export class CensoredSample {
  readonly #known: Histogram
  readonly #all = new Histogram()

  /** `ages` are what the values that were cut off had become. */
  constructor(known: Histogram, ages: Histogram) {
    this.#known = known
    this.#all.add(known)
    this.#all.add(ages)
  }

  /** The largest, whole or cut off; NaN without values. */
  get max(): number {
    return this.#all.max
  }

  /** NaN without values. */
  percentile(percent: number): BoundedPercentile {
    const { count } = this.#all
    if (count === 0) return { value: Number.NaN, isLowerBound: false }
    const rank = nearestRank(percent, count)
    const value = this.#all.valueAtRank(rank)
    const most = rank > this.#known.count ? Number.POSITIVE_INFINITY : this.#known.valueAtRank(rank)
    return { value, isLowerBound: most > value * TIGHT }
  }
}
