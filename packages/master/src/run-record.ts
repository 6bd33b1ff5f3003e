import type { RunRecord } from '@llmload/core'
import { environment } from './environment.js'
import type { FinishedRun } from './finished-run.js'
import { type SendingEnd, windowOf } from './run-window.js'
import { workerRecord } from './worker-record.js'

/** What the reports are made from. */
export function recordOf(run: FinishedRun): RunRecord {
  const { plan, version, clock, times, ledger, participants, end } = run
  const window = windowOf(times, sendingEnd(run))
  return {
    plan,
    version,
    environment: environment(),
    window: {
      phase: window.phase,
      startedAtMs: clock.wallMs(window.startMs),
      endedAtMs: clock.wallMs(window.endMs),
      endedBy: window.endedBy,
      endReason: 'reason' in end ? end.reason : null,
    },
    stats: ledger[window.phase],
    stages: ledger.stages,
    rampRequests: window.phase === 'measured' ? ledger.ramp.counts.sent : 0,
    changes: run.changes.map(({ fromMs, qps, users }) => ({ atS: fromMs / 1000, qps, users })),
    workers: participants.map((member) => workerRecord(member, window, run)),
  }
}

/** The same, of a run that goes on. */
export function recordSoFar(run: Omit<FinishedRun, 'end'>): RunRecord {
  const atMs = Math.min(run.clock.nowMs(), run.times.endAtMs)
  const record = recordOf({ ...run, end: { by: 'interrupted', atMs } })
  return { ...record, window: { ...record.window, endedBy: 'unfinished' } }
}

/** Nobody did its share to the end. */
export const allLost = ({ workers }: RunRecord): boolean => workers.every(({ lost }) => lost !== null)

function sendingEnd({ plan, end, ledger, participants }: FinishedRun): SendingEnd {
  if (end.by === 'time') return { by: 'run-time' }
  if ('atMs' in end) return { by: end.by, atMs: end.atMs }
  const knownUntilMs = participants.map(({ id, drained }) => drained?.endedMs ?? ledger.accountOf(id).untilMs)
  const lastMs = Math.max(...knownUntilMs)
  const quotaIsOver = plan.load.maxRequests !== null && participants.some(({ drained }) => drained !== null)
  return quotaIsOver ? { by: 'max-requests', lastOverAtMs: lastMs } : { by: 'workers-lost', reportedUntilMs: lastMs }
}
