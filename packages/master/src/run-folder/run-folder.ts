import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildReport,
  type Clock,
  type EnvironmentFile,
  ERROR_CODES,
  type ErrorCode,
  type ExitCode,
  LoadError,
  type Log,
  messageOf,
  nameWidth,
  type OutcomeFile,
  type Plan,
  RUN_FOLDER_FORMAT,
  type RunReport,
  type Stats,
  type TotalsFile,
} from '@llmload/core'
import { environment } from '../environment.js'
import type { History } from '../history.js'
import { makeFolder } from '../make-folder.js'
import { consoleText } from '../reporters/console.js'
import { jsonText } from '../reporters/json.js'
import { LineFile } from '../reporters/line-file.js'
import type { FinalView, LiveView, Reporter, View } from '../reporters/reporter.js'
import { FILES, folderName } from './layout.js'
import { processStart } from './process-start.js'
import { SecondFiles } from './second-files.js'
import { within } from './within.js'
import { writeWhole } from './write-whole.js'

/** A run whose master is killed loses no more than that. */
const SAVE_EVERY_S = 10

/** Log lines that may wait for a slow disk. */
const MAX_LOG_BYTES = 1024 * 1024

/** A disk that does not answer must not hold up the end of a run. */
const END_WAIT_MS = 5000

/** Where folders of runs are kept. */
export interface RunsDir {
  readonly path: string
  /** Somebody named it: a run that cannot be kept there has failed. */
  readonly isNamed: boolean
}

/** The lines of the log. */
export interface LogLines {
  /** Hands over those that were printed so far, then each as it comes. */
  follow(take: (line: string) => void): void
}

export interface RunFolderDeps {
  /** Null = nowhere. */
  readonly runsDir: RunsDir | null
  readonly clock: Clock
  readonly log: Log
  readonly logLines: LogLines | null
  /** Of the terminal that the run prints on; undefined = none. */
  readonly stdoutColumns: number | undefined
}

/**
 * The folder that a run leaves: written as the run goes, readable at any moment, complete at the end.
 * It never holds the run up: what a disk does not take is left out, and said.
 */
export class RunFolder implements Reporter {
  readonly #deps: RunFolderDeps
  /** Null = there is none. */
  #path: string | null = null
  #logFile: LineFile | null = null
  #history: History | null = null
  #startWallMs = 0
  #seconds: SecondFiles | null = null
  #saving: Promise<void> | null = null
  #problem: string | null = null

  constructor(deps: RunFolderDeps) {
    this.#deps = deps
  }

  /** Makes the folder. Throws OUTPUT_FILE if that fails where somebody named the place; else a warning must do. */
  open(plan: Plan, llmload: string): void {
    const { runsDir, log, logLines } = this.#deps
    if (runsDir === null) return
    try {
      this.#path = this.#make(runsDir.path, plan, llmload)
    } catch (error) {
      if (runsDir.isNamed) {
        throw new LoadError(
          'OUTPUT_FILE',
          `--runs-dir: cannot make a folder in ${runsDir.path}: ${messageOf(error)}`,
          'name another place, or make room there; --no-history keeps no folder',
          { cause: error },
        )
      }
      log.warn({}, `the run is not kept in the history: ${messageOf(error)}; --runs-dir names another place`)
      return
    }
    this.#logFile = new LineFile(join(this.#path, FILES.log), (error) => this.#missed(error), MAX_LOG_BYTES)
    logLines?.follow((line) => void this.#logFile?.write(line))
  }

  /** The start of the load is fixed, on the master's clock. */
  begin(history: History, startAtMs: number): void {
    if (this.#path === null) return
    const startWallMs = this.#deps.clock.wallMs(startAtMs)
    this.#history = history
    this.#startWallMs = startWallMs
    this.#seconds = new SecondFiles({ folder: this.#path, startWallMs, onError: (error) => this.#missed(error) })
  }

  onSecond(live: LiveView): void {
    if (this.#path === null) return
    this.#seconds?.add(live, this.#history?.points(this.#deps.clock.nowMs()) ?? [])
    const isDue = live.second > 0 && live.second % SAVE_EVERY_S === 0
    if (!isDue || this.#saving !== null) return
    const record = live.record()
    this.#saving = this.#save(live, buildReport(record), record.stats).finally(() => {
      this.#saving = null
    })
  }

  /** Throws OUTPUT_FILE if something could not be written where somebody named the place. */
  async onEnd(final: FinalView): Promise<void> {
    if (this.#path === null) return
    this.#seconds?.add(final, this.#history?.points() ?? [])
    await this.#inTime(this.#finish(final))
    if (this.#problem === null || !this.#deps.runsDir?.isNamed) return
    throw new LoadError(
      'OUTPUT_FILE',
      `--runs-dir: ${this.#path} is not complete: ${this.#problem}`,
      'all that it lacks was printed; make room on the disk before the next run',
    )
  }

  /** The last thing of a run: how it ended. */
  async close(exitCode: ExitCode, error: ErrorCode | null): Promise<void> {
    if (this.#path === null) return
    const endedAt = this.#now()
    const outcome = JSON.stringify({ endedAt, exitCode, error } satisfies OutcomeFile, null, 2)
    await this.#inTime(this.#closeWith(`${outcome}\n`))
    this.#path = null
  }

  /** The run could not be carried out. */
  async failed(error: unknown): Promise<void> {
    const code = error instanceof LoadError ? error.code : 'INTERNAL'
    await this.close(ERROR_CODES[code].exit, code)
  }

  #make(runsDir: string, plan: Plan, llmload: string): string {
    const createdAt = this.#now()
    makeFolder(runsDir)
    const path = join(runsDir, folderName(createdAt, plan.runId))
    mkdirSync(path)
    const { pid } = process
    const who: EnvironmentFile = {
      ...{ format: RUN_FOLDER_FORMAT, llmload, createdAt, pid, processStart: processStart(pid) },
      ...environment(),
    }
    writeFileSync(join(path, FILES.environment), `${JSON.stringify(who, null, 2)}\n`)
    writeFileSync(join(path, FILES.plan), `${JSON.stringify(plan, null, 2)}\n`)
    return path
  }

  async #save({ wallMs }: View, report: RunReport, stats: Stats): Promise<void> {
    const atS = Math.round(wallMs - this.#startWallMs) / 1000
    await this.#write(FILES.totals, `${JSON.stringify({ atS, report, stats: stats.toData() } satisfies TotalsFile)}\n`)
  }

  async #finish(final: FinalView): Promise<void> {
    const { report, stats } = final
    const { verdict, reasons } = report
    await this.#saving
    await this.#save(final, report, stats)
    await this.#write(FILES.report, jsonText(report))
    await this.#write(FILES.summary, consoleText(final, nameWidth(this.#deps.stdoutColumns)))
    await this.#write(FILES.verdict, `${JSON.stringify({ verdict, reasons }, null, 2)}\n`)
    await this.#closeSeconds()
  }

  async #closeWith(outcome: string): Promise<void> {
    await this.#saving
    await this.#closeSeconds()
    await this.#write(FILES.outcome, outcome)
    const logFile = this.#logFile
    this.#logFile = null
    await logFile?.close().catch((error) => this.#missed(error))
  }

  async #closeSeconds(): Promise<void> {
    const seconds = this.#seconds
    this.#seconds = null
    try {
      const skipped = (await seconds?.close()) ?? 0
      if (skipped === 0) return
      const files = `${FILES.series} and ${FILES.history}`
      this.#deps.log.warn({}, `${files} lack ${skipped} lines, for which the disk was too slow`)
    } catch (error) {
      this.#missed(error)
    }
  }

  async #write(file: string, text: string): Promise<void> {
    if (this.#path === null) return
    await writeWhole(join(this.#path, file), text).catch((error) => this.#missed(error))
  }

  async #inTime(work: Promise<void>): Promise<void> {
    if (!(await within(END_WAIT_MS, work))) this.#missed(`the disk has not answered for ${END_WAIT_MS / 1000} s`)
  }

  /** Warns once: where one file cannot be written, others cannot either. */
  #missed(error: unknown): void {
    if (this.#problem !== null) return
    this.#problem = messageOf(error)
    this.#deps.log.warn({}, `the folder of the run will not be complete: ${this.#problem}`)
  }

  #now(): string {
    const { clock } = this.#deps
    return new Date(clock.wallMs(clock.nowMs())).toISOString()
  }
}
