import { type Rows, type RunReport, type Stats, type SummaryRow, totalRows } from '@llmload/core'
import { summaryOf } from '../summary.js'

/** What all outputs of a run are made from, when it is over or read from its folder. */
export interface Results {
  readonly report: RunReport
  /** Of the window that is reported. */
  readonly stats: Stats
  /** The table with rates over the window. */
  readonly total: Rows
  /** llm_bench's summary. */
  readonly summary: readonly SummaryRow[]
}

export function resultsOf(report: RunReport, stats: Stats): Results {
  return { report, stats, total: totalRows(stats.entries, report.window.lengthS), summary: summaryOf(report, stats) }
}
