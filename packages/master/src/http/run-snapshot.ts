import { type Clock, type Level, levelAt, type Plan, type Stats, type WorkerHealth } from '@llmload/core'
import type { DeltaLedger, PhaseName } from '../delta-ledger.js'
import type { Fleet } from '../fleet.js'
import type { LoadControl } from '../load-control.js'
import type { Member } from '../member.js'
import type { Presence } from '../presence.js'
import type { Phase, RunPhase } from '../run-phase.js'
import type { RunTimes } from '../run-window.js'

/** What HTTP shows of a run; some of it is there only once the start is fixed. */
export interface RunSources {
  readonly plan: Plan
  readonly version: string
  readonly clock: Clock
  readonly phase: RunPhase
  readonly ledger: DeltaLedger
  readonly fleet: Fleet
  times: RunTimes | null
  /** Null while there is no load to control. */
  control: LoadControl | null
}

/** Away = not to be reached now, but it may come back; lost = it will not. */
export type WorkerStatus = 'connected' | 'away' | 'lost'

/** Who left at the right time is shown no more. */
const STATUS: Readonly<Record<Presence, WorkerStatus | null>> = {
  ...{ here: 'connected', away: 'away', gone: 'lost', left: null },
}

interface WorkerSnapshot {
  readonly id: string
  readonly host: string
  readonly status: WorkerStatus
  readonly users: number
  readonly inFlight: number
  /** Of its last report; null = there is none that still holds. */
  readonly health: WorkerHealth | null
}

/** A run at one moment; instants are Unix milliseconds. */
export interface RunSnapshot {
  readonly runId: string
  readonly version: string
  readonly model: string
  readonly state: Phase
  readonly startAtMs: number | null
  readonly measuredFromMs: number | null
  /** Null also where no run time was asked for. */
  readonly endAtMs: number | null
  /** The load that is asked for now, over all workers. */
  readonly level: Level
  readonly users: number
  readonly inFlight: number
  readonly stats: Readonly<Record<PhaseName, Stats>>
  readonly workers: readonly WorkerSnapshot[]
}

export function snapshotOf(run: RunSources): RunSnapshot {
  const { plan, version, clock, phase, ledger, fleet, times, control } = run
  const workers = fleet.members.map((member) => workerSnapshot(member, ledger)).filter((worker) => worker !== null)
  const wallMs = (atMs: number | undefined): number | null =>
    atMs === undefined || atMs === Number.POSITIVE_INFINITY ? null : clock.wallMs(atMs)
  return {
    runId: plan.runId,
    version,
    model: plan.target.model,
    state: phase.current,
    startAtMs: wallMs(times?.startAtMs),
    measuredFromMs: wallMs(times?.measuredFromMs),
    endAtMs: wallMs(times?.endAtMs),
    level: control?.level ?? levelAt(plan.load, 0),
    users: workers.reduce((sum, { users }) => sum + users, 0),
    inFlight: workers.reduce((sum, { inFlight }) => sum + inFlight, 0),
    stats: { ramp: ledger.ramp, measured: ledger.measured },
    workers,
  }
}

function workerSnapshot({ id, host, presence, users, inFlight }: Member, ledger: DeltaLedger): WorkerSnapshot | null {
  const status = STATUS[presence]
  if (status === null) return null
  const health = status === 'connected' ? ledger.accountOf(id).health.latest : null
  return { id, host, status, users, inFlight, health }
}
