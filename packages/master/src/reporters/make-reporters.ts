import type { Log, OutputConfig } from '@llmload/core'
import { ConsoleReporter } from './console.js'
import { JsonReporter } from './json.js'
import { LocustCsvReporter } from './locust-csv.js'
import type { Reporter } from './reporter.js'
import { SummaryFileReporter } from './summary-file.js'

export interface Streams {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly stdoutColumns: number | undefined
}

export interface Reporters {
  /** They come first: a terminal that is gone must not cost a file. */
  readonly files: readonly Reporter[]
  readonly screens: readonly Reporter[]
}

/** The outputs that were asked for. With `--json` stdout holds nothing but the object. */
export function makeReporters(output: OutputConfig, { stdout, stderr, stdoutColumns }: Streams, log: Log): Reporters {
  const { summaryFile, csvPrefix, json, onlySummary } = output
  const files: Reporter[] = []
  if (summaryFile !== null) files.push(new SummaryFileReporter({ path: summaryFile, log, rescue: stderr }))
  if (csvPrefix !== null) files.push(new LocustCsvReporter(csvPrefix, log))
  const tables = new ConsoleReporter({ write: json ? stderr : stdout, columns: stdoutColumns, onlySummary })
  return { files, screens: json ? [tables, new JsonReporter(stdout)] : [tables] }
}
