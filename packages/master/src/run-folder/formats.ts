import { exceptionsCsv, failuresCsv, nameWidth, statsCsv } from '@llmload/core'
import { consoleText } from '../reporters/console.js'
import { jsonText } from '../reporters/json.js'
import type { Results } from '../reporters/results.js'
import { newCsv } from '../reporters/summary-file.js'
import { verdictRow } from '../reporters/verdict-file.js'

interface Source extends Results {
  /** Locust's history, as it was written while the run went on. */
  readonly historyCsv: () => string
  /** Of the terminal; undefined = none. */
  readonly columns: number | undefined
}

/** Everything that a run prints or writes, made again. */
export const FORMATS = {
  text: (run) => consoleText(run, nameWidth(run.columns)),
  json: ({ report }) => jsonText(report),
  'summary-csv': ({ summary }) => newCsv(summary),
  'verdict-csv': ({ report }) => newCsv(verdictRow(report)),
  'stats-csv': ({ total: { rows, aggregated } }) => statsCsv(rows, aggregated),
  'history-csv': ({ historyCsv }) => historyCsv(),
  'failures-csv': ({ stats }) => failuresCsv(stats.errors.entries),
  'exceptions-csv': () => exceptionsCsv([]),
} as const satisfies Record<string, (run: Source) => string>

export type Format = keyof typeof FORMATS
