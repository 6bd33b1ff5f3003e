import { existsSync, rmSync, statSync } from 'node:fs'
import { LoadError, type Log, messageOf, type OutputConfig, type RunReport, type SummaryRow } from '@llmload/core'
import { appendRow } from './append-row.js'
import type { FinalView, Reporter } from './reporter.js'

export interface VerdictFile {
  readonly path: string
  /** As the file that it stands beside: a row is added to those of earlier runs, or takes their place. */
  readonly mode: 'append' | 'replace'
}

/**
 * The files that hold the verdict beside CSV files, whose columns are not ours to add to:
 * `x.verdict.csv` beside `--summary-file x.csv`, `PREFIX_verdict.csv` beside `--csv PREFIX`.
 */
export function verdictPaths({
  summaryFile,
  csvPrefix,
}: Pick<OutputConfig, 'summaryFile' | 'csvPrefix'>): VerdictFile[] {
  const files: VerdictFile[] = []
  if (summaryFile !== null && !isDevice(summaryFile)) {
    files.push({ path: `${summaryFile.replace(/\.csv$/i, '')}.verdict.csv`, mode: 'append' })
  }
  if (csvPrefix !== null) files.push({ path: `${csvPrefix}_verdict.csv`, mode: 'replace' })
  return files
}

/** A pipe, a terminal or `/dev/null` has nothing beside it. */
const isDevice = (path: string): boolean => existsSync(path) && !statSync(path).isFile()

export interface VerdictFileOptions extends VerdictFile {
  readonly log: Log
}

/** One row: whether the numbers in the file beside it are to be trusted. */
export class VerdictFileReporter implements Reporter {
  readonly #options: VerdictFileOptions

  constructor(options: VerdictFileOptions) {
    this.#options = options
  }

  /** Throws OUTPUT_FILE. */
  onEnd({ report }: FinalView): void {
    const { path, mode, log } = this.#options
    try {
      if (mode === 'replace') rmSync(path, { force: true })
      for (const warning of appendRow(path, verdictRow(report))) log.warn({ path }, `${path}: ${warning}`)
    } catch (error) {
      throw new LoadError(
        'OUTPUT_FILE',
        `the verdict could not be written to ${path}: ${messageOf(error)}`,
        `it is ${report.verdict}; make room on the disk before the next run`,
        { cause: error },
      )
    }
  }
}

export function verdictRow({ verdict, reasons, window, plan }: RunReport): SummaryRow[] {
  const words = reasons.map(({ verdict, code, worker, message }) => {
    const who = worker === null ? '' : ` (${worker})`
    return `${verdict} ${code}${who}: ${message}`
  })
  return [
    ['Time', window.startedAt],
    ['Run ID', plan.runId],
    ['Verdict', verdict],
    ['Reasons', words.join('; ')],
  ]
}
