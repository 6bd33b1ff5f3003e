import { randomUUID } from 'node:crypto'
import { EXIT, type ExitCode, makePlan, type RunConfig } from '@llmload/core'
import { type BarrierDeps, gather, prepare, share, start } from './barrier.js'
import { DeltaLedger } from './delta-ledger.js'
import { Ending } from './ending.js'
import { FailureWatch } from './failure-watch.js'
import { Fleet, type WhyNot } from './fleet.js'
import { runRoutes } from './http/run-routes.js'
import type { RunSources } from './http/run-snapshot.js'
import { loadAndReport } from './load-and-report.js'
import type { MasterDeps, MasterOptions } from './master-options.js'
import { checkOutputFiles } from './output-files.js'
import { MODELS_PATH, preflight } from './preflight.js'
import { RequestRecords } from './reporters/request-records.js'
import { RunFolder } from './run-folder/run-folder.js'
import { RunPhase } from './run-phase.js'
import { runTimes } from './run-window.js'
import { type MasterServer, openPort } from './server.js'
import { tlsIdentity } from './tls.js'
import { howEnded, ProcessWatch, type WorkerProcesses } from './worker-processes.js'

/**
 * One run, from the check of its files to its exit code. Throws a LoadError if it could not be
 * carried out; once load may have been sent it always ends in a report. Interrupted before that, it
 * ends without one and with EXIT.notCarriedOut.
 */
export async function runMaster(options: MasterOptions, deps: MasterDeps): Promise<ExitCode> {
  const phase = new RunPhase(deps.log)
  const folder = new RunFolder({ ...deps, runsDir: options.runsDir ?? null, logLines: deps.logLines ?? null })
  try {
    const code = await carryOut(options, deps, phase, folder)
    await folder.close(code, null)
    return code
  } catch (error) {
    if (!deps.drain.aborted || !phase.isBeforeLoad) {
      await folder.failed(error)
      throw error
    }
    deps.log.warn({}, 'interrupted before the load began: no request was sent, so there is no report')
    await folder.close(EXIT.notCarriedOut, null)
    return EXIT.notCarriedOut
  }
}

async function carryOut(
  { config, baseUrl, version, startWorkers }: MasterOptions,
  deps: MasterDeps,
  phase: RunPhase,
  folder: RunFolder,
) {
  const { clock, log, drain } = deps
  const { target, secrets, output, fleet: fleetConfig } = config
  checkOutputFiles(output)
  const tls = fleetConfig.tls && tlsIdentity(fleetConfig.tls, clock)
  const models = await preflight({ target, baseUrl, secrets, clock, log, signal: drain })
  const plan = makePlan(config, { runId: randomUUID(), baseUrl, model: models.model })
  folder.open(plan, version)
  const ledger = new DeltaLedger(clock, config.load.stages.length)
  ledger.ramp.entry('GET', MODELS_PATH).log(models.durationMs, models.bodyBytes)

  const ending = endingOf(deps)
  const failures = output.abortOnFailRatio === null ? null : new FailureWatch(output.abortOnFailRatio, clock)
  const records = new RequestRecords(output, { clock, log, sent: () => ledger.sent })
  const fleet = new Fleet({
    clock,
    log,
    version,
    runId: plan.runId,
    graceMs: fleetConfig.workerGraceS * 1000,
    whyClosed: () => whyClosed(phase, config),
    onDelta: ({ id }, delta) => {
      ledger.accept(id, delta)
      records.counted(id, delta.seq)
      const reason = failures?.add(delta)
      if (reason) ending.end({ by: 'aborted', reason })
    },
    onRequests: ({ id }, batch) => records.take(id, batch),
    onFrames: ({ id }, frames) => records.takeFrames(id, frames),
  })
  const sources: RunSources = { plan, version, clock, phase, ledger, fleet, times: null, control: null }
  let server: MasterServer | null = null
  let processes: WorkerProcesses | null = null
  try {
    phase.enter('gathering')
    const routes = runRoutes(sources)
    server = await openPort(config.role, fleetConfig, {
      ...{ ...deps, tls, routes },
      onWorker: (socket) => fleet.accept(socket),
    })
    processes = startWorkers(server.address)
    const watch = watchOf(processes, fleet)
    const barrier = { fleet, processes: watch, clock, log, signal: drain }
    await assemble(barrier, { plan, secrets, keep: records.keep }, config, phase)
    const times = runTimes(plan.load, start(barrier))
    sources.times = times
    const run = { plan, version, clock, ledger, times }
    return await loadAndReport(run, {
      ...deps,
      config,
      fleet,
      phase,
      ending,
      processes: watch,
      records,
      folder,
      sources,
    })
  } finally {
    await fleet.close()
    await processes?.stop()
    await server?.close()
  }
}

/** Waits for the workers, and until they are ready. */
async function assemble(
  barrier: BarrierDeps,
  prepared: Parameters<typeof prepare>[0],
  { role, fleet: { expectWorkers, expectWorkersMaxWaitS } }: RunConfig,
  phase: RunPhase,
): Promise<void> {
  const expected = Math.max(barrier.processes.count, role === 'master' ? expectWorkers : 1)
  await gather(expected, expectWorkersMaxWaitS, barrier)
  phase.enter('preparing')
  share(prepared.plan.load, barrier)
  await prepare(prepared, barrier)
  phase.enter('starting')
}

/** Ctrl-C ends a run early, and a second one cuts it short. */
function endingOf({ drain, now }: Pick<MasterDeps, 'drain' | 'now'>): Ending {
  const ending = new Ending()
  const interrupt = (): void => ending.end({ by: 'interrupted' })
  const cancel = (): void => ending.cancel()
  if (drain.aborted) interrupt()
  if (now.aborted) cancel()
  drain.addEventListener('abort', interrupt, { once: true })
  now.addEventListener('abort', cancel, { once: true })
  return ending
}

function watchOf(processes: WorkerProcesses | null, fleet: Fleet): ProcessWatch {
  return new ProcessWatch(
    processes,
    () => fleet.watch.changed(),
    (end) => {
      if (end.pid !== undefined) fleet.processEnded(end.pid, howEnded(end))
    },
  )
}

function whyClosed(phase: RunPhase, { load, fleet }: RunConfig): WhyNot | null {
  if (phase.current === 'gathering') return null
  if (phase.isOver) return { message: 'the run is over', hint: 'start it again, for the next run' }
  if (load.maxRequests === null) return null
  return {
    message: 'the run has begun without it, and its requests (--max-requests) are dealt out',
    hint: `start all workers before the run, and tell the master how many there are with --expect-workers (now ${fleet.expectWorkers})`,
  }
}
