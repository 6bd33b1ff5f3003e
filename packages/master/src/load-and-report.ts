import type { ExitCode, RunConfig } from '@llmload/core'
import { Deal } from './deal.js'
import type { Ending } from './ending.js'
import { finishRun } from './finish-run.js'
import type { FinishedRun } from './finished-run.js'
import type { Fleet } from './fleet.js'
import type { RunSources } from './http/run-snapshot.js'
import { LateJoiners } from './late-joiners.js'
import { LiveRun } from './live-run.js'
import { followLoad } from './load.js'
import { LoadControl } from './load-control.js'
import type { MasterDeps } from './master-options.js'
import type { Member } from './member.js'
import { giveUpOverdue } from './overdue.js'
import { Quotas } from './quotas.js'
import { makeReporters } from './reporters/make-reporters.js'
import type { RequestRecords } from './reporters/request-records.js'
import type { RunFolder } from './run-folder/run-folder.js'
import type { RunPhase } from './run-phase.js'
import { recordSoFar } from './run-record.js'
import { describeEnd, type ProcessWatch } from './worker-processes.js'

export interface LoadAndReportDeps extends MasterDeps {
  readonly config: RunConfig
  readonly fleet: Fleet
  readonly phase: RunPhase
  readonly ending: Ending
  readonly processes: ProcessWatch
  readonly records: RequestRecords
  readonly folder: RunFolder
  readonly sources: RunSources
}

type StartedRun = Pick<FinishedRun, 'plan' | 'version' | 'clock' | 'ledger' | 'times'>

/** A run from the moment at which its start is fixed: follows the load, looks after the fleet, writes the reports. */
export async function loadAndReport(run: StartedRun, deps: LoadAndReportDeps): Promise<ExitCode> {
  const { plan, ledger, times } = run
  const { log, fleet, phase, config, records, folder, sources } = deps
  const { users, spawnRate, warmupS, runTimeS } = plan.load
  ledger.startAt(times)
  deps.ending.signal.addEventListener('abort', () => ledger.endAt(run.clock.nowMs()), { once: true })
  records.begin({ runId: plan.runId, version: run.version, startAtMs: times.startAtMs })
  folder.begin(ledger.history, times.startAtMs)
  const reporters = makeReporters(config.output, deps, { log, others: [...records.reporters, folder] })
  const { control, tend } = fleetCare(run, deps)
  sources.control = control
  deps.onControl?.(control)
  log.info(
    {},
    runTimeS === null ? 'No run time limit set, use CTRL+C to interrupt' : `Run time limit set to ${runTimeS} seconds`,
  )
  const record = () => recordSoFar({ ...run, participants: fleet.participants, changes: control.changes })
  const live = new LiveRun({ ...run, fleet, record, reporters: [...reporters.files, ...reporters.screens] })
  log.info({ users, spawnRate }, `Ramping to ${users} users at a rate of ${spawnRate.toFixed(2)} per second`)
  const end = await followLoad({
    ...deps,
    plan: plan.load,
    times,
    tend,
    graceMs: config.fleet.workerGraceS * 1000,
    measuredSent: () => ledger.measured.counts.sent,
    onAllSpawned: () => {
      log.info({ users }, `All users spawned: {"LLMUser": ${users}} (${users} total users)`)
      if (warmupS > 0) log.info({ warmupS }, `Warming up for ${warmupS} seconds: not measured yet`)
    },
    onWindowOpen: () => {
      if (warmupS > 0) log.info({}, 'Warm-up over: the measured window opens')
      ledger.carryRowsOver()
      live.windowOpened()
    },
  }).finally(() => live.stop())
  phase.enter('reporting')
  const { participants } = fleet
  if (participants.some(({ gone }) => gone !== null)) await sayWhatProcessSaid(deps)
  return await finishRun(
    { ...run, participants, end, changes: control.changes },
    { fleet, reporters, log, output: config.output },
  )
}

/** What keeps the load whole while it goes on, looked at several times a second. */
function fleetCare({ plan, times, ledger }: StartedRun, deps: LoadAndReportDeps) {
  const { clock, log, fleet, phase, config, ending, records } = deps
  const { startAtMs } = times
  const deal: Deal = new Deal({
    ...{ fleet, clock, log, startAtMs },
    users: () => control.level.users,
    onLoss: (member) => {
      if (!config.fleet.failOnWorkerLoss) return true
      // The run is over, so nobody waits for it to come back.
      fleet.giveUp(member, member.aways.at(-1)?.how ?? 'is lost')
      ending.end({ by: 'worker-lost', reason: `worker ${member.id} is lost, and --fail-on-worker-loss was asked for` })
      return false
    },
  })
  const control: LoadControl = new LoadControl({
    ...{ plan: plan.load, fleet, log, ending },
    nextFromMs: () => deal.nextFromMs(),
    isLoading: () => phase.isLoading,
  })
  const { keep } = records
  const levels = () => control.changes
  const lateJoiners = new LateJoiners({
    ...{ fleet, clock, log, plan, startAtMs, keep, levels },
    secrets: config.secrets,
  })
  const sentBy = ({ id }: Member): number => ledger.accountOf(id).counts.measured.sent
  const quotas = new Quotas({ fleet, log, sentBy })
  const tend = (): void => {
    giveUpOverdue(fleet, clock)
    lateJoiners.look()
    deal.look()
    quotas.look()
  }
  return { control, tend }
}

/** A worker process of this host that crashed has said why on its own stderr. */
async function sayWhatProcessSaid({ processes, log }: LoadAndReportDeps): Promise<void> {
  const end = await processes.failed()
  if (end) log.error({}, `a worker process ended: ${describeEnd(end)}`)
}
