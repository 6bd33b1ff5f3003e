import type { Log, OutputConfig } from '@llmload/core'
import { ConsoleReporter } from './console.js'
import { JsonReporter } from './json.js'
import { LocustCsvReporter } from './locust-csv.js'
import type { Reporter } from './reporter.js'
import { SummaryFileReporter } from './summary-file.js'
import { VerdictFileReporter, verdictPaths } from './verdict-file.js'

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
export function makeReporters(
  output: OutputConfig,
  { stdout, stderr, stdoutColumns }: Streams,
  { log, others }: { readonly log: Log /** Those that are there already. */; readonly others: readonly Reporter[] },
): Reporters {
  const { summaryFile, csvPrefix, json, onlySummary } = output
  const files: Reporter[] = [...others]
  if (summaryFile !== null) files.push(new SummaryFileReporter({ path: summaryFile, log, rescue: stderr }))
  if (csvPrefix !== null) files.push(new LocustCsvReporter(csvPrefix, log))
  for (const { path, mode } of verdictPaths(output)) files.push(new VerdictFileReporter({ path, mode, log }))
  const tables = new ConsoleReporter({ write: json ? stderr : stdout, columns: stdoutColumns, onlySummary })
  return { files, screens: json ? [tables, new JsonReporter(stdout)] : [tables] }
}
