/**
 * @param {readonly number[]} values
 * @returns {{ p50: number | null, p99: number | null, max: number | null }} null where there is no value
 */
export function percentiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** @param {readonly (number | null)[]} values; null is left out */
export function median(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return null
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
