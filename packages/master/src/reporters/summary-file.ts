import { appendPlan, LoadError, type Log, messageOf, type SummaryRow } from '@llmload/core'
import { appendRow } from './append-row.js'
import type { FinalView, Reporter } from './reporter.js'

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
    try {
      for (const warning of appendRow(path, summary)) log.warn({ path }, `${path}: ${warning}`)
    } catch (error) {
      rescue(newCsv(summary))
      throw new LoadError(
        'OUTPUT_FILE',
        `the row for ${path} could not be written: ${messageOf(error)}`,
        'it was printed to stderr, header line first: add it by hand',
        { cause: error },
      )
    }
  }
}

/** A header line and a row. */
export const newCsv = (row: readonly SummaryRow[]): string => appendPlan({ head: '', tail: '' }, row).text
