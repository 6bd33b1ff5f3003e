import type { Clock } from '@llmload/core'

const READINGS = 20

/**
 * Where the origin of this process's clock stands on the monotonic clock that all processes of the
 * host share, in nanoseconds: host ns = origin + 1e6 × ms. Of several readings the one that took the
 * shortest is the most exact: well below a microsecond.
 */
export function hostOriginNs(clock: Clock): number {
  let originNs = Number.NaN
  let shortestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < READINGS; i++) {
    const beforeMs = clock.nowMs()
    // biome-ignore lint/nursery/noJsRestrictedProperties: not to measure with, but to say where the process's own clock stands on the one that all processes share.
    const hostNs = Number(process.hrtime.bigint())
    const afterMs = clock.nowMs()
    if (afterMs - beforeMs >= shortestMs) continue
    shortestMs = afterMs - beforeMs
    originNs = hostNs - ((beforeMs + afterMs) / 2) * 1e6
  }
  return originNs
}
