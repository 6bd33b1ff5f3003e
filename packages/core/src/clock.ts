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
  const anchorMs = Date.now() - performance.now()
  return {
    nowMs: () => performance.now(),
    wallMs: (monotonicMs) => anchorMs + monotonicMs,
  }
}
