import { createHash } from 'node:crypto'
import type { ErrorEntryData } from '../metrics/error-entry.js'
import type { StatsEntry } from '../metrics/stats-entry.js'
import { csvRow } from './csv.js'
import { PERCENTILES, percentileLabel } from './percentile-table.js'
import { compareCodePoints, formatFixed, formatInt, pythonFloat, pythonString } from './python-format.js'
import { sortedRows, type TableRow } from './table-layout.js'

const PERCENTILE_COLUMNS = PERCENTILES.map(percentileLabel)

const STATS_COLUMNS = [
  'Type',
  'Name',
  'Request Count',
  'Failure Count',
  'Median Response Time',
  'Average Response Time',
  'Min Response Time',
  'Max Response Time',
  'Average Content Size',
  'Requests/s',
  'Failures/s',
  ...PERCENTILE_COLUMNS,
]

const HISTORY_COLUMNS = [
  'Timestamp',
  'User Count',
  'Type',
  'Name',
  'Requests/s',
  'Failures/s',
  ...PERCENTILE_COLUMNS,
  'Total Request Count',
  'Total Failure Count',
  'Total Median Response Time',
  'Total Average Response Time',
  'Total Min Response Time',
  'Total Max Response Time',
  'Total Average Content Size',
]

/** The whole of `PREFIX_stats.csv`, with rates over the whole run. */
export function statsCsv(rows: Iterable<TableRow>, aggregated: TableRow): string {
  return csvRow(STATS_COLUMNS) + [...sortedRows(rows), aggregated].map(statsRow).join('')
}

function statsRow({ entry, reqPerS, failPerS }: TableRow): string {
  const rates = [pythonFloat(reqPerS), pythonFloat(failPerS)]
  return csvRow([entry.method, entry.name, ...totals(entry), ...rates, ...percentiles(entry)])
}

/** First row of `PREFIX_stats_history.csv`. */
export function historyCsvHeader(): string {
  return csvRow(HISTORY_COLUMNS)
}

/** One row of `PREFIX_stats_history.csv`, with current rates at a wall time, Unix milliseconds. */
export function historyCsvRow(wallMs: number, users: number, { entry, reqPerS, failPerS }: TableRow): string {
  return csvRow([
    formatInt(wallMs / 1000),
    formatInt(users),
    entry.method,
    entry.name,
    formatFixed(reqPerS, 6),
    formatFixed(failPerS, 6),
    ...percentiles(entry),
    ...totals(entry),
  ])
}

/** Counts, median, average, minimum, maximum and mean size, as Python prints ints and floats. */
function totals(entry: StatsEntry): string[] {
  const { numRequests, minMs, maxMs, median } = entry
  // A median that is no bucket was moved to the exact minimum or maximum, which is a float.
  const medianText = numRequests === 0 || entry.responseTimes.has(median) ? formatInt(median) : pythonFloat(median)
  const size = numRequests === 0 ? '0' : pythonFloat(entry.totalContentLength / numRequests)
  const limits = [minMs ?? 0, maxMs].map(intIfZero)
  return [formatInt(numRequests), formatInt(entry.numFailures), medianText, pythonFloat(entry.avg), ...limits, size]
}

/** Locust starts its limits with the integer 0, and a time of 0.0 does not replace it. */
function intIfZero(value: number): string {
  return value === 0 ? '0' : pythonFloat(value)
}

function percentiles(entry: StatsEntry): string[] {
  return PERCENTILES.map((p) => (entry.numRequests === 0 ? 'N/A' : formatInt(entry.percentile(p))))
}

/** The whole of `PREFIX_failures.csv`, in Locust's order, which is that of hash keys. */
export function failuresCsv(errors: Iterable<ErrorEntryData>): string {
  const keyed = [...errors].map((error) => ({ key: errorKey(error), error }))
  const sorted = keyed.sort((a, b) => compareCodePoints(a.key, b.key))
  const header = csvRow(['Method', 'Name', 'Error', 'Occurrences', 'First Seen', 'Last Seen'])
  return header + sorted.map(({ error }) => failureRow(error)).join('')
}

function failureRow({ method, name, error, occurrences, firstSeenMs, lastSeenMs }: ErrorEntryData): string {
  return csvRow([method, name, error, formatInt(occurrences), utcSeconds(firstSeenMs), utcSeconds(lastSeenMs)])
}

/** Identity of an error in Locust (`stats.py:StatsError.create_key`): SHA-256 of `METHOD.NAME.'TEXT'`, in hex. */
export function errorKey({ method, name, error }: Pick<ErrorEntryData, 'method' | 'name' | 'error'>): string {
  return createHash('sha256')
    .update(`${method}.${name}.${pythonString(error)}`)
    .digest('hex')
}

/** `2023-11-14T22:13:21Z`, the fraction cut off. */
function utcSeconds(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, -'.000Z'.length)}Z`
}

/** A fault of the load generator itself, not of a request. */
export interface ExceptionRow {
  readonly count: number
  readonly message: string
  readonly traceback: string
  /** Workers it came from. */
  readonly nodes: readonly string[]
}

/** The whole of `PREFIX_exceptions.csv`, in the order given. */
export function exceptionsCsv(exceptions: Iterable<ExceptionRow>): string {
  const rows = [...exceptions].map(({ count, message, traceback, nodes }) =>
    csvRow([formatInt(count), message, traceback, nodes.join(', ')]),
  )
  return csvRow(['Count', 'Message', 'Traceback', 'Nodes']) + rows.join('')
}
