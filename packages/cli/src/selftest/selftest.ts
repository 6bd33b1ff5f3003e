import { mkdtemp, rmdir, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { type Clock, LoadError, messageOf } from '@llmload/core'
import { makeFolder } from '@llmload/master'
import type { Signals } from '../exit.js'
import { version } from '../version.js'
import { hostOf } from './host.js'
import { climb, LIMIT_MS, TRUE_ITL_MS, TRUE_TTFT_MS } from './ladder.js'
import { paceAll } from './pacing.js'
import { plot } from './plot.js'
import { type LadderStep, type PacingStep, SELFTEST_SCHEMA_VERSION, type SelftestResult } from './result.js'
import { verdictOf } from './verdict.js'

export interface SelftestOptions {
  /** Measured length of each step, after its warm-up. */
  readonly seconds: number
  /** Worker processes. */
  readonly processes: number
  /** Where the ladder of streams ends, if nothing gives way before. */
  readonly maxStreams: number
  /** Requests per second above which pacing is not measured. */
  readonly maxRatePerS: number
  /** Folder for the result and the plot; made if it is not there. */
  readonly out: string
}

export interface SelftestDeps extends Signals {
  readonly clock: Clock
  readonly onLadderStep: (step: LadderStep) => void
  readonly onPacingStep: (step: PacingStep) => void
}

/** Of the CPUs; other work of so much was there before the test, and was in the way of it. */
const MAX_LOAD_BEFORE = 0.25
/** More simulators than this do not send more: the kernel's loopback is the limit then. */
const MAX_SIMULATORS = 8

/**
 * Measures how wrong the time stamps of this version are on this host, against a simulator that writes
 * the true send time into every chunk. Throws a LoadError if a run could not be carried out, or
 * OUTPUT_FILE.
 */
export async function selftest(options: SelftestOptions, deps: SelftestDeps): Promise<SelftestResult> {
  const { seconds, processes: workers, maxStreams, maxRatePerS, out } = options
  await writing(out, () => prepare(out))
  const simulators = Math.min(MAX_SIMULATORS, Math.max(1, availableParallelism() - workers))
  const fleet = { workers, simulators, seconds }
  const { clock } = deps
  const date = new Date(clock.wallMs(clock.nowMs())).toISOString()
  const [loadAverage = 0] = loadavg()
  const ladder = await climb(fleet, maxStreams, deps, deps.onLadderStep)
  const pacing = await paceAll(fleet, maxRatePerS, deps, deps.onPacingStep)
  const host = hostOf()
  const result: SelftestResult = {
    schema: SELFTEST_SCHEMA_VERSION,
    ...{ llmload: version, date, host },
    loadAverage: process.platform === 'win32' ? null : loadAverage,
    ...{ processes: workers, limitMs: LIMIT_MS, trueTtftMs: TRUE_TTFT_MS, trueItlMs: TRUE_ITL_MS },
    ...{ ladder, pacing },
    ...verdictOf(ladder, workers),
    warning: busyWarning(loadAverage, host.cpuCount),
  }
  await writing(out, async () => {
    await writeFile(join(out, 'selftest.json'), `${JSON.stringify(result, null, 2)}\n`)
    await writeFile(join(out, 'selftest.svg'), plot(result))
  })
  return result
}

function busyWarning(loadAverage: number, cpuCount: number): string | null {
  if (loadAverage <= cpuCount * MAX_LOAD_BEFORE) return null
  return `This host was busy before the test (load average ${loadAverage.toFixed(1)} on ${cpuCount} CPUs): it can do more when it is quiet.`
}

/** Makes the folder, and something in it for a moment: to hear in a minute that it cannot be written would be late. */
async function prepare(folder: string): Promise<void> {
  makeFolder(folder)
  await rmdir(await mkdtemp(join(folder, '.llmload-')))
}

async function writing(folder: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const hint = 'give --out a folder that can be made and written'
    throw new LoadError('OUTPUT_FILE', `cannot write into ${folder}: ${messageOf(error)}`, hint, { cause: error })
  }
}
