import type { StatsEntry } from '../metrics/stats-entry.js'
import { compareCodePoints } from './python-format.js'

/** One line of a table: the numbers of an entry, and its rates over the time that the caller has chosen. */
export interface TableRow {
  readonly entry: StatsEntry
  readonly reqPerS: number
  readonly failPerS: number
}

/** Width of the Type column, as in Locust. */
export const TYPE_COLUMN_WIDTH = 8

/** Width of everything beside the name column that Locust reserves on a terminal. */
const RESERVED_COLUMNS = 80
const MAX_NAME_WIDTH = 80

/**
 * Room for names (`stats.py:STATS_NAME_WIDTH`), 0…80: what a terminal of `stdoutColumns` leaves over.
 * Undefined = stdout is no terminal; then it is 80.
 */
export function nameWidth(stdoutColumns: number | undefined): number {
  if (stdoutColumns === undefined) return MAX_NAME_WIDTH
  return Math.max(Math.min(stdoutColumns - RESERVED_COLUMNS, MAX_NAME_WIDTH), 0)
}

/** Rows in Locust's order: by name, then by method. */
export function sortedRows(rows: Iterable<TableRow>): TableRow[] {
  return [...rows].sort(
    ({ entry: a }, { entry: b }) => compareCodePoints(a.name, b.name) || compareCodePoints(a.method, b.method),
  )
}

/** The line between parts of a table. */
export function tableRule(widths: readonly number[]): string {
  return widths.map((width) => '-'.repeat(width)).join('|')
}

/** A part of a report: its lines, then an empty one. To be written as it is. */
export function tableText(lines: readonly string[]): string {
  return `${lines.join('\n')}\n\n`
}
