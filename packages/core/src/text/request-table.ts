import { formatFixed, formatInt, padEndCodePoints } from './python-format.js'
import { sortedRows, type TableRow, TYPE_COLUMN_WIDTH, tableRule, tableText } from './table-layout.js'

/** Characters that Locust's other columns save, so that the name column of this table is narrower. */
const SAVED_WIDTH = 4

/**
 * Locust's request table (`stats.py:get_stats_summary`), ending in an empty line. The last row is the
 * caller's: Locust's own Aggregated adds METRIC rows to requests, so its numbers mean nothing.
 *
 * @param width from `nameWidth`. Locust lets the name column become negative on terminals below 84
 *   columns, where header and rule then disagree; here it stops at 0.
 */
export function requestTable(rows: Iterable<TableRow>, aggregated: TableRow, width: number): string {
  const nameColumn = Math.max(width - SAVED_WIDTH, 0)
  const rule = tableRule([TYPE_COLUMN_WIDTH, nameColumn, 7, 13, 7, 7, 7, 7, 8, 11])
  return tableText([
    header(nameColumn),
    rule,
    ...sortedRows(rows).map((row) => line(row, nameColumn)),
    rule,
    line(aggregated, nameColumn),
  ])
}

function header(nameColumn: number): string {
  const names = `${'Type'.padEnd(TYPE_COLUMN_WIDTH)} ${'Name'.padEnd(nameColumn)}`
  return `${names}  # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s`
}

function line({ entry, reqPerS, failPerS }: TableRow, nameColumn: number): string {
  const type = padEndCodePoints(entry.method && `${entry.method} `, TYPE_COLUMN_WIDTH)
  const name = padEndCodePoints(entry.name, nameColumn)
  const fails = `${entry.numFailures}(${formatFixed(entry.failRatio * 100, 2)}%)`
  const counts = `${formatInt(entry.numRequests).padStart(7)} ${fails.padStart(12)}`
  const [avg, min, max, med] = [entry.avg, entry.minMs ?? 0, entry.maxMs, entry.median].map(sevenWide)
  const rates = `${formatFixed(reqPerS, 2).padStart(7)} ${formatFixed(failPerS, 2).padStart(11)}`
  return `${type} ${name} ${counts} |${avg} ${min} ${max}${med} | ${rates}`
}

const sevenWide = (value: number): string => formatInt(value).padStart(7)
