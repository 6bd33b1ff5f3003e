import { appendFile, writeFile } from 'node:fs/promises'
import {
  exceptionsCsv,
  failuresCsv,
  historyCsvHeader,
  historyCsvRow,
  LoadError,
  type Log,
  messageOf,
  statsCsv,
} from '@llmload/core'
import type { FinalView, LiveView, Reporter, View } from './reporter.js'

/** Locust's four files of a prefix. */
export function csvPaths(prefix: string) {
  return {
    stats: `${prefix}_stats.csv`,
    history: `${prefix}_stats_history.csv`,
    failures: `${prefix}_failures.csv`,
    exceptions: `${prefix}_exceptions.csv`,
  }
}

/** `--csv`: rewrites three files every second and adds a row to the fourth; once more when the run is over. */
export class LocustCsvReporter implements Reporter {
  readonly #paths: ReturnType<typeof csvPaths>
  readonly #log: Log
  #writing: Promise<void> = Promise.resolve()
  #busy = false
  #warned = false

  constructor(prefix: string, log: Log) {
    this.#paths = csvPaths(prefix)
    this.#log = log
  }

  /** Leaves a second out where the disk is still busy with the one before. */
  onSecond(live: LiveView): void {
    if (this.#busy) return
    this.#busy = true
    this.#writing = this.#begin(live)
      .catch((error: unknown) => this.#warnOnce(error))
      .finally(() => {
        this.#busy = false
      })
  }

  /** Throws OUTPUT_FILE. */
  async onEnd(final: FinalView): Promise<void> {
    await this.#writing
    try {
      await this.#write(final)
    } catch (error) {
      throw new LoadError(
        'OUTPUT_FILE',
        `--csv: the final numbers could not be written: ${messageOf(error)}`,
        'they are in the tables; make room on the disk before the next run',
        { cause: error },
      )
    }
  }

  async #begin(live: LiveView): Promise<void> {
    if (live.second === 0) await writeFile(this.#paths.history, historyCsvHeader())
    await this.#write(live)
  }

  async #write({ stats, current, total, users, wallMs }: View): Promise<void> {
    await appendFile(this.#paths.history, historyCsvRow(wallMs, users, current.aggregated))
    await writeFile(this.#paths.stats, statsCsv(total.rows, total.aggregated))
    await writeFile(this.#paths.failures, failuresCsv(stats.errors.entries))
    // Faults of a worker end it, and the report names it; there is no other kind of exception here.
    await writeFile(this.#paths.exceptions, exceptionsCsv([]))
  }

  #warnOnce(error: unknown): void {
    if (!this.#warned) this.#log.warn({}, `--csv: ${messageOf(error)}`)
    this.#warned = true
  }
}
