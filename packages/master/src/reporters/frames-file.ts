import { writeFile } from 'node:fs/promises'
import { type FramesLine, LoadError, messageOf, type ResponseFrames } from '@llmload/core'
import type { Reporter } from './reporter.js'

/** The frames file of a request log: `run.ndjson` and `run.ndjson.gz` have `run.frames.ndjson`. */
export const framesPath = (requestLog: string): string =>
  `${requestLog.replace(/(\.ndjson)?(\.gz)?$/, '')}.frames.ndjson`

/** `--record-frames`: the responses of the slowest requests of all workers, and of failed ones, `limit` of each. */
export class FramesReporter implements Reporter {
  readonly #path: string
  readonly #limit: number
  readonly #failed: FramesLine[] = []
  /** Slowest first. */
  readonly #slowest: FramesLine[] = []

  constructor(requestLog: string, limit: number) {
    this.#path = framesPath(requestLog)
    this.#limit = limit
  }

  take(worker: string, frames: ResponseFrames): void {
    const line: FramesLine = { type: 'frames', worker, ...frames }
    if (frames.why === 'failed') {
      if (this.#failed.length < this.#limit) this.#failed.push(line)
      return
    }
    this.#slowest.push(line)
    this.#slowest.sort((a, b) => b.latencyMs - a.latencyMs)
    this.#slowest.splice(this.#limit)
  }

  /** Throws OUTPUT_FILE. */
  async onEnd(): Promise<void> {
    const lines = [...this.#slowest, ...this.#failed].map((line) => `${JSON.stringify(line)}\n`)
    try {
      await writeFile(this.#path, lines.join(''))
    } catch (error) {
      throw new LoadError(
        'OUTPUT_FILE',
        `--record-frames: ${this.#path} could not be written: ${messageOf(error)}`,
        'make room on the disk, or write the request log elsewhere',
        { cause: error },
      )
    }
  }
}
