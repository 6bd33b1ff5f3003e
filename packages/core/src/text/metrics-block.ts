import type { MetricUnit } from '../metrics/definitions.js'
import { formatFixed, padEndCodePoints } from './python-format.js'
import { tableText } from './table-layout.js'

/** One line of the block, values in its unit; the numbers do not matter where `n` is 0. */
export interface MetricRow {
  readonly label: string
  readonly unit: MetricUnit
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  /** Values that were measured. */
  readonly n: number
}

/** Hundredths of a millisecond separate servers; a tenth of a token does not occur but in means. */
const DECIMALS = { ms: 2, tokens: 1, 'tokens/s': 1 } as const satisfies Record<MetricUnit, number>

/** Together with the gaps these are 100 columns; a column with a longer value becomes wider. */
const LABEL_WIDTH = 20
const UNIT_WIDTH = 8
const VALUE_WIDTH = 8
const COUNT_WIDTH = 8

const HEADER = ['Metric', 'Unit', 'mean', 'p50', 'p90', 'p95', 'p99', 'max', 'n']

/**
 * Our own numbers, exact where Locust's tables show whole milliseconds and buckets. Ends in an empty
 * line. A metric that nothing was measured of has dashes: it is not 0.
 */
export function metricsBlock(rows: readonly MetricRow[]): string {
  const cells = [HEADER, ...rows.map(cellsOf)]
  const widths = HEADER.map((_, column) =>
    Math.max(leastWidth(column), ...cells.map((row) => (row[column] ?? '').length)),
  )
  const [header = '', ...lines] = cells.map((row) => line(row, widths))
  return tableText([header, '-'.repeat(header.length), ...lines])
}

function cellsOf({ label, unit, mean, p50, p90, p95, p99, max, n }: MetricRow): string[] {
  const values = [mean, p50, p90, p95, p99, max].map((value) => (n === 0 ? '-' : formatFixed(value, DECIMALS[unit])))
  return [label, unit, ...values, String(n)]
}

function leastWidth(column: number): number {
  if (column === 0) return LABEL_WIDTH
  if (column === 1) return UNIT_WIDTH
  return column === HEADER.length - 1 ? COUNT_WIDTH : VALUE_WIDTH
}

/** Texts on the left, numbers on the right. */
function line(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) => {
    const width = widths[column] ?? 0
    return column < 2 ? padEndCodePoints(cell, width) : cell.padStart(width)
  })
  return cells.join('  ')
}
