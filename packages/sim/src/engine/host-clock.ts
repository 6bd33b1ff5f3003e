import type { Clock } from '@llmload/core'

/** The monotonic clock that all processes of the host share: `process.hrtime`, CLOCK_MONOTONIC. */
export class HostClock {
  readonly #originNs: number

  constructor(clock: Clock) {
    this.#originNs = originNsOf(clock)
  }

  /** Integer nanoseconds of an instant of our own clock. */
  toNs(ms: number): number {
    return Math.round(this.#originNs + ms * 1e6)
  }
}

const ORIGIN_READINGS = 20

/**
 * Where the origin of a process's clock stands on the clock of the host. Of several readings the one
 * that took the shortest is the most exact: well below a microsecond.
 */
function originNsOf(clock: Clock): number {
  let originNs = Number.NaN
  let shortestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < ORIGIN_READINGS; i++) {
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
