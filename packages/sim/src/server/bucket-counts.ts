/** A histogram in the way of Prometheus. */
export class BucketCounts {
  readonly bounds: readonly number[]
  /** Values up to each bound, and not up to the one before; the last one is for what is above all. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(value: number): void {
    const found = this.bounds.findIndex((bound) => value <= bound)
    const at = found < 0 ? this.bounds.length : found
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += value
  }
}
