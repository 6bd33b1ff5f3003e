import type { Clock, Delta } from '@llmload/core'

/** Failures count over so long: what a server stumbles over for a moment ends no run. */
const WINDOW_S = 10
/** Of fewer a ratio says nothing. */
const LEAST_FINISHED = 20
/** A server that says the same thing so often will go on saying it. */
const SAME_IN_A_ROW = 100

/** What was reported within one second. */
interface Finished {
  readonly second: number
  succeeded: number
  failed: number
}

/**
 * `--abort-on-fail-ratio`: whether it makes sense to go on. Sees what workers report, so a second is
 * the finest that it can tell: errors come "in a row" when no report in between has anything else.
 */
export class FailureWatch {
  readonly #ratio: number
  readonly #clock: Clock
  #finished: Finished[] = []
  #row = { error: '', count: 0 }

  /** @param ratio failed / finished, above which the run shall end. */
  constructor(ratio: number, clock: Clock) {
    this.#ratio = ratio
    this.#clock = clock
  }

  /** Takes what a worker reports; returns why the run should end, if so. */
  add({ ramp, measured }: Pick<Delta, 'ramp' | 'measured'>): string | null {
    const parts = [ramp, measured].filter((part) => part !== null)
    const sum = (of: 'succeeded' | 'failed'): number => parts.reduce((total, { counts }) => total + counts[of], 0)
    const errors = parts.flatMap((part) => part.errors.map(({ error }) => error))
    this.#count(sum('succeeded'), sum('failed'))
    this.#countRow(new Set(errors), sum('succeeded'), sum('failed'))
    return this.#ofRow() ?? this.#ofRatio()
  }

  #count(succeeded: number, failed: number): void {
    const second = Math.floor(this.#clock.nowMs() / 1000)
    const last = this.#finished.at(-1)
    if (last?.second === second) {
      last.succeeded += succeeded
      last.failed += failed
      return
    }
    this.#finished = this.#finished.filter((past) => past.second > second - WINDOW_S)
    this.#finished.push({ second, succeeded, failed })
  }

  #countRow(errors: ReadonlySet<string>, succeeded: number, failed: number): void {
    if (succeeded + failed === 0) return
    const [error = ''] = errors
    const isSame = succeeded === 0 && errors.size === 1
    if (!isSame) this.#row = { error: '', count: 0 }
    else this.#row = { error, count: (error === this.#row.error ? this.#row.count : 0) + failed }
  }

  #ofRow(): string | null {
    const { error, count } = this.#row
    return count >= SAME_IN_A_ROW ? `the last ${count} requests all ended in the same error: ${error}` : null
  }

  #ofRatio(): string | null {
    const failed = this.#finished.reduce((sum, part) => sum + part.failed, 0)
    const finished = this.#finished.reduce((sum, part) => sum + part.succeeded, failed)
    if (finished < LEAST_FINISHED || failed / finished <= this.#ratio) return null
    const percent = ((100 * failed) / finished).toFixed(1)
    return `${failed} of ${finished} requests failed in the last ${WINDOW_S} s (${percent} %), more than --abort-on-fail-ratio allows`
  }
}
