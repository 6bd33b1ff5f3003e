import {
  errorReport,
  metricRows,
  metricsBlock,
  nameWidth,
  percentileTable,
  requestTable,
  stagesTable,
  summaryBlock,
} from '@llmload/core'
import type { FinalView, LiveView, Reporter } from './reporter.js'
import type { Results } from './results.js'
import { verdictText } from './verdict-text.js'

/** Locust's CONSOLE_STATS_INTERVAL_SEC. */
const TABLE_EVERY_S = 2

export interface ConsoleOptions {
  readonly write: (text: string) => void
  /** Of the terminal; undefined = none. */
  readonly columns: number | undefined
  /** No tables while the run goes on. */
  readonly onlySummary: boolean
}

/** What a person reads: Locust's tables in Locust's order, our own numbers, llm_bench's summary last. */
export class ConsoleReporter implements Reporter {
  readonly #options: ConsoleOptions
  readonly #width: number

  constructor(options: ConsoleOptions) {
    this.#options = options
    this.#width = nameWidth(options.columns)
  }

  onSecond({ second, current: { rows, aggregated } }: LiveView): void {
    if (this.#options.onlySummary || second % TABLE_EVERY_S !== 0) return
    this.#options.write(requestTable(rows, aggregated, this.#width))
  }

  onEnd(final: FinalView): void {
    this.#options.write(consoleText(final, this.#width))
  }
}

/** All that is printed when a run is over. @param width from `nameWidth` */
export function consoleText({ report, stats, total: { rows, aggregated }, summary }: Results, width: number): string {
  return [
    requestTable(rows, aggregated, width),
    percentileTable(rows, aggregated, width),
    errorReport(stats.errors.entries, width),
    metricsBlock(metricRows(report), report.requests),
    stagesTable(report),
    verdictText(report),
    summaryBlock(summary),
  ].join('')
}
