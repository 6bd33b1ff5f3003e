import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import {
  type Clock,
  CSV_ROW_END,
  type EnvironmentFile,
  isAnyEnvironment,
  isEnvironmentFile,
  isOutcomeFile,
  isPlan,
  isTotalsFile,
  LoadError,
  messageOf,
  type OutcomeFile,
  type Plan,
  RUN_FOLDER_FORMAT,
  Stats,
  statsData,
  type TotalsFile,
} from '@llmload/core'
import { type Results, resultsOf } from '../reporters/results.js'
import { FILES } from './layout.js'
import { stillRuns } from './process-start.js'

/** On another host nothing but the file of seconds tells that a run goes on. */
const FRESH_MS = 30_000

/** Crashed = its process is gone, and it did not come to its end. */
type RunState = 'running' | 'finished' | 'crashed'

/** A run, as its folder has it. */
export interface StoredRun {
  readonly folder: string
  readonly environment: EnvironmentFile
  readonly plan: Plan
  readonly state: RunState
  /** Null while there is none. */
  readonly outcome: OutcomeFile | null
  /** Null while nothing has been saved. */
  readonly totals: TotalsFile | null
}

/** Reads the folder of a run. Throws RUN_FOLDER if it is none, or none that this version can read. */
export function readRun(folder: string, clock: Clock): StoredRun {
  const known = read(folder, FILES.environment, isAnyEnvironment)
  if (known === null) throw unreadable(folder, `it has no ${FILES.environment}`, 'name the folder of one run')
  if (known.format !== RUN_FOLDER_FORMAT) {
    throw unreadable(
      folder,
      `it was written by llmload ${known.llmload} in format ${known.format}, and this version reads format ${RUN_FOLDER_FORMAT}`,
      `read it with that version; ${FILES.report} and ${FILES.summary} in it can be read as they are`,
    )
  }
  const environment = needed(folder, FILES.environment, isEnvironmentFile)
  const plan = needed(folder, FILES.plan, isPlan)
  const outcome = read(folder, FILES.outcome, isOutcomeFile)
  const totals = read(folder, FILES.totals, isTotalsFile)
  const isOver = outcome !== null || (totals !== null && isComplete(totals))
  const state = isOver ? 'finished' : isRunning(folder, environment, clock) ? 'running' : 'crashed'
  return { folder: resolve(folder), environment, plan, state, outcome, totals }
}

/** Whether the numbers are those of the end of the run. */
export const isComplete = ({ report }: TotalsFile): boolean => report.window.endedBy !== 'unfinished'

/** What the outputs are made from, as when the run was over. */
export function storedResults({ report, stats: data }: TotalsFile): Results {
  const stats = new Stats()
  // Read once more for its texts, which go to a terminal.
  stats.merge(statsData.parse(data))
  return resultsOf(report, stats)
}

/** Locust's history of a run. */
export function historyCsv(folder: string): string {
  const text = readText(folder, FILES.history) ?? ''
  // What was being written when the process was killed has no end.
  return text.slice(0, text.lastIndexOf(CSV_ROW_END) + CSV_ROW_END.length)
}

function isRunning(folder: string, { host, pid, processStart }: EnvironmentFile, clock: Clock): boolean {
  if (host === hostname()) return stillRuns(pid, processStart)
  const series = statSync(join(folder, FILES.series), { throwIfNoEntry: false })
  return series !== undefined && clock.wallMs(clock.nowMs()) - series.mtimeMs < FRESH_MS
}

type Guard<T> = (value: unknown) => value is T

function needed<T>(folder: string, file: string, fits: Guard<T>): T {
  const value = read(folder, file, fits)
  if (value === null) throw unreadable(folder, `it has no ${file}`, 'its run was stopped before it had begun')
  return value
}

/** Null if the file is not there. */
function read<T>(folder: string, file: string, fits: Guard<T>): T | null {
  const text = readText(folder, file)
  if (text === null) return null
  const value = parseJson(text)
  if (fits(value)) return value
  const hint = `${FILES.report} and ${FILES.summary} in it can be read as they are, if the run came to its end`
  throw unreadable(folder, `${file} is not what this version of llmload writes`, hint)
}

function readText(folder: string, file: string): string | null {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw unreadable(folder, messageOf(error), 'name the folder of one run')
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreadable(folder: string, why: string, hint: string): LoadError {
  return new LoadError('RUN_FOLDER', `${folder} cannot be read: ${why}`, hint)
}
