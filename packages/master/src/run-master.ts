import { randomUUID } from 'node:crypto'
import { type Clock, EXIT, type ExitCode, type Log, makePlan, type RunConfig } from '@llmload/core'
import { gather, prepare, share, start } from './barrier.js'
import { DeltaLedger } from './delta-ledger.js'
import { finishRun } from './finish-run.js'
import { Fleet } from './fleet.js'
import { LiveRun } from './live-run.js'
import { followLoad } from './load.js'
import { checkOutputFiles } from './output-files.js'
import { MODELS_PATH, preflight } from './preflight.js'
import { makeReporters, type Streams } from './reporters/make-reporters.js'
import { RequestRecords } from './reporters/request-records.js'
import { RunPhase } from './run-phase.js'
import type { FinishedRun } from './run-record.js'
import { runTimes } from './run-window.js'
import { type MasterAddress, type MasterServer, openPort } from './server.js'
import { describeEnd, ProcessWatch, type WorkerProcesses } from './worker-processes.js'

export interface MasterOptions {
  readonly config: RunConfig
  /** Of the target: scheme, host, port and path prefix, no trailing slash. */
  readonly baseUrl: string
  /** Of llmload. */
  readonly version: string
  /** Starts the worker processes of this host, which shall join the master at an address; null = none. */
  readonly startWorkers: (address: MasterAddress) => WorkerProcesses | null
}

export interface MasterDeps extends Streams {
  readonly clock: Clock
  readonly log: Log
  /** First Ctrl-C: no new requests. */
  readonly drain: AbortSignal
  /** Second Ctrl-C: cancel those in flight. */
  readonly now: AbortSignal
}

/**
 * One run, from the check of its files to its exit code. Throws a LoadError if it could not be
 * carried out; once load may have been sent it always ends in a report. Interrupted before that, it
 * ends without one and with EXIT.notCarriedOut.
 */
export async function runMaster(options: MasterOptions, deps: MasterDeps): Promise<ExitCode> {
  const phase = new RunPhase(deps.log)
  try {
    return await carryOut(options, deps, phase)
  } catch (error) {
    if (!deps.drain.aborted || !phase.isBeforeLoad) throw error
    deps.log.warn({}, 'interrupted before the load began: no request was sent, so there is no report')
    return EXIT.notCarriedOut
  }
}

async function carryOut({ config, baseUrl, version, startWorkers }: MasterOptions, deps: MasterDeps, phase: RunPhase) {
  const { clock, log, drain } = deps
  const { target, secrets, output, fleet: fleetConfig } = config
  checkOutputFiles(output)
  const models = await preflight({ target, baseUrl, secrets, clock, log, signal: drain })
  const plan = makePlan(config, { runId: randomUUID(), baseUrl, model: models.model })
  const ledger = new DeltaLedger()
  ledger.ramp.entry('GET', MODELS_PATH).log(models.durationMs, models.bodyBytes)

  const records = new RequestRecords(output, { clock, log, sent: () => ledger.sent })
  const fleet = new Fleet({
    clock,
    log,
    version,
    isOpen: () => phase.current === 'gathering',
    onDelta: ({ id }, delta) => {
      ledger.accept(id, delta)
      records.counted(id, delta.seq)
    },
    onRequests: ({ id }, batch) => records.take(id, batch),
    onFrames: ({ id }, frames) => records.takeFrames(id, frames),
  })
  let server: MasterServer | null = null
  let processes: WorkerProcesses | null = null
  try {
    phase.enter('gathering')
    server = await openPort(config.role, fleetConfig, log, (socket) => fleet.accept(socket))
    processes = startWorkers(server.address)
    const watch = new ProcessWatch(processes, () => fleet.watch.changed())
    const barrier = { fleet, processes: watch, clock, log, signal: drain }
    const expected = Math.max(watch.count, config.role === 'master' ? fleetConfig.expectWorkers : 1)
    await gather(expected, fleetConfig.expectWorkersMaxWaitS, barrier)
    phase.enter('preparing')
    share(plan.load.users, barrier)
    await prepare({ plan, secrets, keep: records.keep }, barrier)
    phase.enter('starting')
    const { participants } = fleet
    const run = { plan, version, clock, ledger, participants, times: runTimes(plan.load, start(barrier)) }
    return await loadAndReport(run, { ...deps, config, fleet, phase, processes: watch, records })
  } finally {
    await fleet.close()
    await processes?.stop()
    await server?.close()
  }
}

interface LoadAndReportDeps extends MasterDeps {
  readonly config: RunConfig
  readonly fleet: Fleet
  readonly phase: RunPhase
  readonly processes: ProcessWatch
  readonly records: RequestRecords
}

async function loadAndReport(run: Omit<FinishedRun, 'end'>, deps: LoadAndReportDeps): Promise<ExitCode> {
  const { plan, ledger, times } = run
  const { log, fleet, phase, config, records } = deps
  const { users, spawnRate, warmupS, runTimeS } = plan.load
  ledger.startAt(times.startAtMs)
  records.begin({ runId: plan.runId, version: run.version, startAtMs: times.startAtMs })
  const reporters = makeReporters(config.output, deps, { log, records: records.reporters })
  log.info(
    {},
    runTimeS === null ? 'No run time limit set, use CTRL+C to interrupt' : `Run time limit set to ${runTimeS} seconds`,
  )
  const live = new LiveRun({ ...run, fleet, reporters: [...reporters.files, ...reporters.screens] })
  log.info({ users, spawnRate }, `Ramping to ${users} users at a rate of ${spawnRate.toFixed(2)} per second`)
  const end = await followLoad({
    ...deps,
    plan: plan.load,
    times,
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
  if (run.participants.some(({ gone }) => gone !== null)) await sayWhatProcessSaid(deps)
  return await finishRun({ ...run, end }, { fleet, reporters, log, output: config.output })
}

/** A worker process of this host that crashed has said why on its own stderr. */
async function sayWhatProcessSaid({ processes, log }: LoadAndReportDeps): Promise<void> {
  const end = await processes.failed()
  if (end) log.error({}, `a worker process ended: ${describeEnd(end)}`)
}
