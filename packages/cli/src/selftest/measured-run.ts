import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunReport, systemClock } from '@llmload/core'
import { runMaster } from '@llmload/master'
import { readCommandLine } from '../command-line.js'
import { type EmbeddedSim, startEmbeddedSim } from '../embedded-sim.js'
import type { Signals } from '../exit.js'
import { openLog } from '../logger.js'
import { version } from '../version.js'
import { NODE_OF_WORKERS, Workers } from '../worker-processes.js'
import type { MeasuringJob } from './measuring-worker.js'
import type { StampData } from './stamp-account.js'

const MEASURING_WORKER = fileURLToPath(new URL('./measuring-worker.js', import.meta.url))

/** Fresh processes run slower code than those of a run that lasts: the engine compiles what is hot in the first seconds. */
const WARM_UP_S = 1.5

interface TruePace {
  readonly ttftMs: number
  readonly itlMs: number
  /** Processes of the simulator. */
  readonly processes: number
}

export interface MeasuredLoad extends TruePace {
  /** Flags of the load, as a person would write them. */
  readonly flags: readonly string[]
  /** Length of the measured window, after the warm-up. */
  readonly seconds: number
  readonly workers: number
  /** Stamps are read in one of so many answers. */
  readonly answersPerSample: number
}

export interface MeasuredRun {
  readonly report: RunReport
  /** What each worker process found. */
  readonly stamps: readonly StampData[]
}

/**
 * A run as every run is: master here, workers as children, a simulator as the target. Its workers
 * also compare their stamps with those of the simulator. Throws a LoadError if it could not be
 * carried out, and the reason of `signals.drain` if that was aborted.
 */
export async function measuredRun(load: MeasuredLoad, signals: Signals): Promise<MeasuredRun> {
  const folder = await mkdtemp(join(tmpdir(), 'llmload-selftest-'))
  const target = await startGroundTruth(load)
  try {
    const report = await run(load, target.url, folder, signals)
    return { report, stamps: await readStamps(folder) }
  } finally {
    await target.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The simulator in its fast mode, with the true send time in each chunk. */
function startGroundTruth({ ttftMs, itlMs, processes }: TruePace): Promise<EmbeddedSim> {
  const pace = ['--ttft-ms', `${ttftMs}`, '--itl-ms', `${itlMs}`, '--processes', `${processes}`]
  return startEmbeddedSim(['--fast', '--stamp-chunks', ...pace])
}

async function run(load: MeasuredLoad, url: string, folder: string, signals: Signals): Promise<RunReport> {
  const { flags, seconds, workers: count, itlMs, answersPerSample } = load
  const output = ['--headless', '--json', '--loglevel', 'ERROR', '--max-fail-ratio', '1']
  const window = ['--warmup', `${WARM_UP_S}s`, '--run-time', `${seconds}s`]
  const checked = readCommandLine(['--host', url, '--processes', `${count}`, ...output, ...window, ...flags], {})
  const times = { warmUpMs: WARM_UP_S * 1000, measuredMs: seconds * 1000 }
  const job: MeasuringJob = { folder, ...times, itlMs, answersPerSample }
  const program = [...NODE_OF_WORKERS, MEASURING_WORKER, JSON.stringify(job)]
  const clock = systemClock()
  let json = ''
  await runMaster(
    {
      config: checked.config,
      baseUrl: url,
      version,
      startWorkers: ({ host: masterHost, port: masterPort, token }) =>
        new Workers({ count, masterHost, masterPort, token, tls: null, logLevel: 'ERROR', showLog: false }, program),
    },
    {
      clock,
      log: openLog(checked, clock),
      stdout: (text) => {
        json += text
      },
      stderr: () => {},
      stdoutColumns: undefined,
      ...signals,
    },
  )
  signals.drain.throwIfAborted()
  return JSON.parse(json)
}

async function readStamps(folder: string): Promise<StampData[]> {
  const files = await readdir(folder)
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))))
}
