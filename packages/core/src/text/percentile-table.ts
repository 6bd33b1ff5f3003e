import type { StatsEntry } from '../metrics/stats-entry.js'
import { formatFixed, formatInt, padEndCodePoints, pythonFloat } from './python-format.js'
import { sortedRows, type TableRow, TYPE_COLUMN_WIDTH, tableRule, tableText } from './table-layout.js'

/** The percentiles of Locust's tables and CSV files. */
export const PERCENTILES = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1] as const

/** `0.5` as `50%`, `0.999` as `99.9%`; `0.07` as `7.0%`, because 0.07 · 100 is no integer in floating point. */
export function percentileLabel(p: number): string {
  const percent = p * 100
  return `${Number.isInteger(percent) ? percent : pythonFloat(Number(formatFixed(percent, 6)))}%`
}

/**
 * Locust's percentile table (`stats.py:get_percentile_stats_summary`), ending in an empty line.
 * Rows without requests are left out, the Aggregated one too.
 */
export function percentileTable(rows: Iterable<TableRow>, aggregated: TableRow, width: number): string {
  const rule = tableRule([TYPE_COLUMN_WIDTH, width, 8, ...PERCENTILES.map(() => 6)])
  const line = ({ entry }: TableRow): string =>
    columns(entry.method, entry.name, width, percentileTexts(entry), formatInt(entry.numRequests))
  return tableText([
    'Response time percentiles (approximated)',
    columns('Type', 'Name', width, PERCENTILES.map(percentileLabel), '# reqs'),
    rule,
    ...sortedRows(rows).filter(hasRequests).map(line),
    rule,
    ...[aggregated].filter(hasRequests).map(line),
  ])
}

function percentileTexts(entry: StatsEntry): string[] {
  return PERCENTILES.map((p) => formatInt(entry.percentile(p)))
}

const hasRequests = ({ entry }: TableRow): boolean => entry.numRequests > 0

function columns(type: string, name: string, width: number, values: readonly string[], count: string): string {
  const [first = '', ...others] = values
  const numbers = [first.padStart(8), ...[...others, count].map((value) => value.padStart(6))]
  return [padEndCodePoints(type, TYPE_COLUMN_WIDTH), padEndCodePoints(name, width), ...numbers].join(' ')
}
