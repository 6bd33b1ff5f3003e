import type { Clock, LossFacts, Plan, RunRecord, WorkerRecord } from '@llmload/core'
import type { DeltaLedger } from './delta-ledger.js'
import { environment } from './environment.js'
import type { LoadEnd } from './load.js'
import { clockOf, type Participant } from './member.js'
import { type RunTimes, type RunWindow, type SendingEnd, windowOf } from './run-window.js'

/** A worker that drained within so much of the end did not leave early: clocks of hosts differ. */
const END_TOLERANCE_MS = 1000

/** A run whose load is over. */
export interface FinishedRun {
  readonly plan: Plan
  readonly version: string
  readonly clock: Clock
  readonly times: RunTimes
  readonly end: LoadEnd
  readonly ledger: DeltaLedger
  readonly participants: readonly Participant[]
}

/** What the reports are made from. */
export function recordOf(run: FinishedRun): RunRecord {
  const { plan, version, clock, times, ledger, participants } = run
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
    },
    stats: ledger[window.phase],
    rampRequests: window.phase === 'measured' ? ledger.ramp.counts.sent : 0,
    workers: participants.map((member) => workerRecord(member, window, run)),
  }
}

/** Nobody did its share to the end. */
export const allLost = ({ workers }: RunRecord): boolean => workers.every(({ lost }) => lost !== null)

function sendingEnd({ plan, end, ledger, participants }: FinishedRun): SendingEnd {
  if (end.by === 'time') return { by: 'run-time' }
  if (end.by === 'interrupt') return { by: 'interrupted', atMs: end.atMs }
  const knownUntilMs = participants.map(({ id, drained }) => drained?.endedMs ?? ledger.accountOf(id).untilMs)
  const lastMs = Math.max(...knownUntilMs)
  const quotaIsOver = plan.load.maxRequests !== null && participants.some(({ drained }) => drained !== null)
  return quotaIsOver ? { by: 'max-requests', lastOverAtMs: lastMs } : { by: 'workers-lost', reportedUntilMs: lastMs }
}

function workerRecord(member: Participant, window: RunWindow, run: FinishedRun): WorkerRecord {
  const account = run.ledger.accountOf(member.id)
  const neverCame = Math.max(0, (member.drained?.lastSeq ?? 0) - account.lastSeq)
  return {
    id: member.id,
    host: member.host,
    pid: member.pid,
    loadShare: loadShare(member, run.plan),
    counts: account.counts[window.phase],
    lateByMs: member.lateByMs,
    clock: clockOf(member),
    deltas: account.deltas,
    missingDeltas: account.missing.size + neverCame,
    lost: lossOf(member, run),
    tokenizer: member.ready?.tokenizer ?? null,
    warnings: member.ready?.warnings ?? [],
    health: account.health
      .filter(({ untilMs }) => untilMs > window.startMs && untilMs <= window.endMs)
      .map(({ health }) => health),
  }
}

/** Arrivals are dealt out in turn, and so are users. */
function loadShare({ share: { index, count } }: Participant, { load: { users, qps } }: Plan): number {
  return qps === null ? Math.ceil((users - index) / count) / users : 1 / count
}

function lossOf(member: Participant, run: FinishedRun): LossFacts | null {
  const { gone, drained } = member
  const atS = (atMs: number): number => (atMs - run.times.startAtMs) / 1000
  const share = loadShare(member, run.plan)
  if (gone) return { atS: atS(gone.atMs), loadShare: share, how: gone.how }
  if (!drained || !leftEarly(member, drained.atMs, run)) return null
  return { atS: atS(drained.atMs), loadShare: share, how: 'left the run by itself' }
}

function leftEarly(
  { id, share: { index, count } }: Participant,
  drainedAtMs: number,
  { plan, times, end, ledger }: FinishedRun,
): boolean {
  const { maxRequests } = plan.load
  const quota = maxRequests === null ? Number.POSITIVE_INFINITY : Math.ceil((maxRequests - index) / count)
  if (ledger.accountOf(id).counts.measured.sent >= quota) return false
  const sendingEndMs = end.by === 'interrupt' ? end.atMs : times.endAtMs
  return drainedAtMs < sendingEndMs - END_TOLERANCE_MS
}
