import type { Clock, LevelChange, Plan } from '@llmload/core'
import type { DeltaLedger } from './delta-ledger.js'
import type { LoadEnd } from './load.js'
import type { Member } from './member.js'
import type { RunTimes } from './run-window.js'

/** A run whose load is over. */
export interface FinishedRun {
  readonly plan: Plan
  readonly version: string
  readonly clock: Clock
  readonly times: RunTimes
  readonly end: LoadEnd
  readonly ledger: DeltaLedger
  readonly participants: readonly Member[]
  /** How the level of the load was changed while it went on. */
  readonly changes: readonly LevelChange[]
}
