import type { Rows, RunRecord, Stats } from '@llmload/core'
import type { Results } from './results.js'

/** What can be seen of a run at one moment. */
export interface View {
  readonly stats: Stats
  /** The table with Locust's current rates. */
  readonly current: Rows
  /** The table with rates over the window, or what there is of it. */
  readonly total: Rows
  /** Users that run. */
  readonly users: number
  /** Wall time, Unix milliseconds. */
  readonly wallMs: number
}

export interface LiveView extends View {
  /** Seconds since the first view. */
  readonly second: number
  /** What the report would be made from if the run ended now. */
  readonly record: () => RunRecord
}

export interface FinalView extends View, Results {}

/** One output of a run. */
export interface Reporter {
  /** Once a second from the start of the load to its end, the first time at once. */
  onSecond?(live: LiveView): void
  /** Once. Throws a LoadError if the output could not be written. */
  onEnd(final: FinalView): Promise<void> | void
}
