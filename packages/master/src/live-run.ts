import { type Clock, type RunRecord, tableRows, totalRows } from '@llmload/core'
import type { DeltaLedger, PhaseName } from './delta-ledger.js'
import type { Fleet } from './fleet.js'
import type { LiveView, Reporter, View } from './reporters/reporter.js'
import type { RunTimes } from './run-window.js'

const EVERY_MS = 1000

export interface LiveRunDeps {
  readonly reporters: readonly Reporter[]
  readonly ledger: DeltaLedger
  readonly fleet: Fleet
  readonly times: RunTimes
  readonly clock: Clock
  /** What the report would be made from if the run ended now. */
  readonly record: () => RunRecord
}

/** Shows a run to its reporters once a second while it goes on. */
export class LiveRun {
  readonly #deps: LiveRunDeps
  readonly #timer: NodeJS.Timeout
  #phase: PhaseName = 'ramp'
  #second = 0

  /** Begins with a first look at once. */
  constructor(deps: LiveRunDeps) {
    this.#deps = deps
    this.#look()
    this.#timer = setInterval(() => this.#look(), EVERY_MS)
  }

  /** From now on the measured window is what is shown. */
  windowOpened(): void {
    this.#phase = 'measured'
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const live: LiveView = { ...viewOf(this.#deps, this.#phase), second: this.#second++, record: this.#deps.record }
    for (const reporter of this.#deps.reporters) reporter.onSecond?.(live)
  }
}

/** What can be seen of one phase of a run now. */
export function viewOf(
  { ledger, fleet, times, clock }: Omit<LiveRunDeps, 'reporters' | 'record'>,
  phase: PhaseName,
): View {
  const nowMs = clock.nowMs()
  const sinceMs = phase === 'ramp' ? times.startAtMs : times.measuredFromMs
  const stats = ledger[phase]
  return {
    stats,
    current: tableRows(stats.entries, (entry) => ledger.rates[phase].of(entry, nowMs, sinceMs)),
    total: totalRows(stats.entries, (Math.min(nowMs, times.endAtMs) - sinceMs) / 1000),
    users: fleet.participants.reduce((sum, { users }) => sum + users, 0),
    wallMs: clock.wallMs(nowMs),
  }
}
