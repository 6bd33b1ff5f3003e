/**
 * Time. Durations and marks are milliseconds (with fractions) of one monotonic clock of one
 * process; wall time is read once, as an anchor. Nobody else reads a real clock.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary origin of this process. */
  nowMs(): number
  /** Wall time, as Unix milliseconds, of a monotonic instant of this process. */
  wallMs(monotonicMs: number): number
}

export function systemClock(): Clock {
  // Node takes both at the start of the process, to the microsecond; Date.now() has whole milliseconds.
  const anchorMs = performance.timeOrigin
  // The global one is a getter, called each time.
  const { performance: own } = globalThis
  return {
    nowMs: () => own.now(),
    wallMs: (monotonicMs) => anchorMs + monotonicMs,
  }
}

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

  /** The way back. */
  toMs(ns: number): number {
    return (ns - this.#originNs) / 1e6
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
    // biome-ignore lint/style/noRestrictedGlobals: a clock like the one above, and nothing of this process but its clocks.
    const hostNs = Number(process.hrtime.bigint())
    const afterMs = clock.nowMs()
    if (afterMs - beforeMs >= shortestMs) continue
    shortestMs = afterMs - beforeMs
    originNs = hostNs - ((beforeMs + afterMs) / 2) * 1e6
  }
  return originNs
}
