import { join } from 'node:path'
import { type HistoryPoint, historyCsvHeader, historyCsvRow } from '@llmload/core'
import { LineFile } from '../reporters/line-file.js'
import type { View } from '../reporters/reporter.js'
import { FILES } from './layout.js'

/** Lines that may wait for a slow disk: further ones are left out. */
const MAX_WAITING_BYTES = 64 * 1024

export interface SecondFilesOptions {
  readonly folder: string
  /** Of the run, as Unix milliseconds. */
  readonly startWallMs: number
  readonly onError: (error: unknown) => void
}

/** The two files of a run that grow second by second: its series, and Locust's history. */
export class SecondFiles {
  readonly #startWallMs: number
  readonly #series: LineFile
  readonly #history: LineFile
  /** The next second of the series, after the start of the run. */
  #nextS = 0
  #skippedLines = 0

  constructor({ folder, startWallMs, onError }: SecondFilesOptions) {
    this.#startWallMs = startWallMs
    this.#series = new LineFile(join(folder, FILES.series), onError, MAX_WAITING_BYTES)
    this.#history = new LineFile(join(folder, FILES.history), onError, MAX_WAITING_BYTES)
    this.#history.write(historyCsvHeader())
  }

  /** What is to be seen now, and all seconds that are known by now, of which those that are new are written. */
  add({ wallMs, users, current }: View, points: readonly HistoryPoint[]): void {
    this.#append(this.#history, historyCsvRow(wallMs, users, current.aggregated))
    for (const point of points) {
      if (point.fromS < this.#nextS) continue
      this.#append(this.#series, this.#seriesLine(point))
      this.#nextS = point.fromS + point.lengthS
    }
  }

  /** Returns how many lines were left out. Rejects if something could not be written. */
  async close(): Promise<number> {
    await Promise.all([this.#series.close(), this.#history.close()])
    return this.#skippedLines
  }

  #seriesLine(point: HistoryPoint): string {
    const time = new Date(this.#startWallMs + point.fromS * 1000).toISOString()
    return `${JSON.stringify({ time, ...point })}\n`
  }

  #append(file: LineFile, line: string): void {
    if (!file.write(line)) this.#skippedLines++
  }
}
