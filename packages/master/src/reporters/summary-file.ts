import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { appendPlan, type ExistingSummaryFile, LoadError, type Log, messageOf } from '@llmload/core'
import type { FinalView, Reporter } from './reporter.js'

/** All of a first row is in there, unless it has thousands of columns. */
const HEAD_BYTES = 256 * 1024

export interface SummaryFileOptions {
  readonly path: string
  readonly log: Log
  /** Where the row goes that cannot be written. */
  readonly rescue: (text: string) => void
}

/** `--summary-file`: adds one row to llm_bench's CSV. */
export class SummaryFileReporter implements Reporter {
  readonly #options: SummaryFileOptions

  constructor(options: SummaryFileOptions) {
    this.#options = options
  }

  /** Throws OUTPUT_FILE after it has handed the row to `rescue`. */
  onEnd({ summary }: FinalView): void {
    const { path, log, rescue } = this.#options
    let text = appendPlan({ head: '', tail: '' }, summary).text
    try {
      const file = openSync(path, 'a+')
      try {
        const plan = appendPlan(existing(file), summary)
        append(file, plan.text)
        text = plan.text
        for (const warning of plan.warnings) log.warn({ path }, `${path}: ${warning}`)
      } finally {
        closeSync(file)
      }
    } catch (error) {
      rescue(text)
      throw new LoadError(
        'OUTPUT_FILE',
        `the row for ${path} could not be written: ${messageOf(error)}`,
        'it was printed to stderr, header line first: add it by hand',
        { cause: error },
      )
    }
  }
}

function existing(file: number): ExistingSummaryFile {
  const { size } = fstatSync(file)
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES))
  const tail = Buffer.alloc(Math.min(size, 1))
  readSync(file, head, 0, head.length, 0)
  readSync(file, tail, 0, tail.length, size - tail.length)
  return { head: head.toString(), tail: tail.toString('latin1') }
}

/** Writes in one piece, so that rows of runs that end together do not mix; all of it, or nothing. */
function append(file: number, text: string): void {
  const bytes = Buffer.from(text)
  const sizeBefore = fstatSync(file).size
  const written = writeSync(file, bytes)
  if (written < bytes.length) {
    ftruncateSync(file, sizeBefore)
    throw new Error(`only ${written} of ${bytes.length} bytes could be written: is the disk full?`)
  }
  sync(file)
}

function sync(file: number): void {
  try {
    fsyncSync(file)
  } catch (error) {
    // A pipe or a terminal has nothing to sync.
    if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error
  }
}
