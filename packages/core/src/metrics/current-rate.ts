/** Locust's window: from 12 s ago up to and including 3 s ago, ten seconds. */
const WINDOW_START_S = 12
const WINDOW_END_S = 3

/** Seconds kept behind the newest one: the window, and room for deltas of other hosts that arrive late. */
const KEPT_S = 60

/**
 * How often something happened in each second, for Locust's "current" rate
 * (`stats.py:StatsEntry.current_rps`). Locust ends the window at the last completion, so its rate
 * freezes when nothing completes any more; ours ends at the time of asking and falls to 0.
 */
export class SecondCounts {
  readonly #counts = new Map<number, number>()
  #newestS = Number.NEGATIVE_INFINITY

  /** Adds `n` to a whole second. What is more than a minute older than the newest second is no longer of use. */
  add(second: number, n: number): void {
    if (second <= this.#newestS - KEPT_S) return
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + n)
    if (second <= this.#newestS) return
    this.#newestS = second
    for (const kept of this.#counts.keys()) if (kept <= second - KEPT_S) this.#counts.delete(kept)
  }

  /**
   * Mean per second over the window that ends 3 s before `nowS`, but not before `startS`. 0 in the
   * first 3 s. Both on the clock of the seconds added.
   */
  currentPerS(nowS: number, startS: number): number {
    const firstS = Math.max(Math.floor(nowS) - WINDOW_START_S, Math.floor(startS))
    const lastS = Math.floor(nowS) - WINDOW_END_S
    if (lastS < firstS) return 0
    let sum = 0
    for (let second = firstS; second <= lastS; second++) sum += this.#counts.get(second) ?? 0
    return sum / (lastS - firstS + 1)
  }

  /** How many seconds are kept in memory. */
  get size(): number {
    return this.#counts.size
  }
}
