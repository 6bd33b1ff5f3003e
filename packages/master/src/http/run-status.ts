import { type RequestCounts, tableRows } from '@llmload/core'
import type { PhaseName } from '../delta-ledger.js'
import { type RunSnapshot, type RunSources, snapshotOf } from './run-snapshot.js'

interface RunStatus extends Omit<RunSnapshot, 'startAtMs' | 'measuredFromMs' | 'endAtMs' | 'stats'> {
  readonly startAt: string | null
  readonly measuredFrom: string | null
  readonly endAt: string | null
  /** What the numbers are about. */
  readonly window: PhaseName
  readonly requests: Omit<RequestCounts, 'inputTokens' | 'outputTokens'> & {
    readonly failRatio: number | null
    readonly perSecond: number
    readonly failuresPerSecond: number
  }
  readonly tokens: { readonly input: number; readonly output: number }
}

/** The answer of `GET /api/status`, which docs/api.md explains. */
export function runStatus(run: RunSources): RunStatus {
  const { startAtMs, measuredFromMs, endAtMs, stats, ...now } = snapshotOf(run)
  const window = windowOf(run)
  const { outputTokens, inputTokens, ...requests } = stats[window].counts
  const over = requests.succeeded + requests.failed
  return {
    ...now,
    startAt: instant(startAtMs),
    measuredFrom: instant(measuredFromMs),
    endAt: instant(endAtMs),
    window,
    requests: {
      ...requests,
      failRatio: over === 0 ? null : requests.failed / over,
      ...currentRates(run, window),
    },
    tokens: { input: inputTokens, output: outputTokens },
  }
}

/** The window that the numbers are about: the measured one, once it is open. */
function windowOf({ times, clock }: RunSources): PhaseName {
  return times !== null && clock.nowMs() >= times.measuredFromMs ? 'measured' : 'ramp'
}

/** Locust's current rates, as in the tables while the run goes on. */
function currentRates({ ledger, times, clock }: RunSources, window: PhaseName) {
  if (times === null) return { perSecond: 0, failuresPerSecond: 0 }
  const sinceMs = window === 'ramp' ? times.startAtMs : times.measuredFromMs
  const nowMs = clock.nowMs()
  const { aggregated } = tableRows(ledger[window].entries, (row) => ledger.rates[window].of(row, nowMs, sinceMs))
  return { perSecond: aggregated.reqPerS, failuresPerSecond: aggregated.failPerS }
}

const instant = (wallMs: number | null): string | null => (wallMs === null ? null : new Date(wallMs).toISOString())
