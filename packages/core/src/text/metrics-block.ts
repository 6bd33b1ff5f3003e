import type { MetricUnit } from '../metrics/metric-definition.js'
import { type PercentileName, REPORTED_PERCENTILES, smallestCount } from '../metrics/percentiles.js'
import { formatFixed, padEndCodePoints } from './python-format.js'
import { tableText } from './table-layout.js'

/** One line of the block, values in its unit; null = not measured. */
export interface MetricRow {
  readonly label: string
  readonly unit: MetricUnit
  readonly mean: number | null
  readonly p50: number | null
  readonly p90: number | null
  readonly p95: number | null
  readonly p99: number | null
  readonly max: number | null
  /** Values that were measured. */
  readonly count: number
  /** Requests that were cut off before they had a value. */
  readonly censored: number
  /** Percentiles that so few values do not support. */
  readonly unsupported: readonly PercentileName[]
  /** What may be larger, as requests were cut off. */
  readonly lowerBounds: readonly string[]
}

/** Rates of the whole run; null = not measured. */
export interface Throughput {
  readonly sentPerSecond: number | null
  readonly inputTokensPerSecond: number | null
  readonly outputTokensPerSecond: number | null
  readonly totalTokensPerSecond: number | null
}

/** Hundredths of a millisecond separate servers; a tenth of a token does not occur but in means. */
const DECIMALS = { ms: 2, tokens: 1, 'tokens/s': 1 } as const satisfies Record<MetricUnit, number>

/** Together with the gaps these are 100 columns; a column with a longer value becomes wider. */
const LABEL_WIDTH = 20
const UNIT_WIDTH = 8
const COUNT_WIDTH = 8
/** A mark stands in the gap before the number, so that numbers keep their place. */
const VALUE_WIDTH = 9

const VALUES = ['mean', 'p50', 'p90', 'p95', 'p99', 'max'] as const
const HEADER = ['Metric', 'Unit', ...VALUES, 'n']

const UNSUPPORTED = '~'
const LOWER_BOUND = '≥'

/**
 * Our own numbers, exact where Locust's tables show whole milliseconds and buckets, then the rates of
 * the run, then what the marks at the numbers mean. Ends in an empty line. A value that was not
 * measured is a dash: it is not 0.
 */
export function metricsBlock(rows: readonly MetricRow[], throughput: Throughput): string {
  const cells = [HEADER, ...rows.map(cellsOf)]
  const widths = HEADER.map((_, column) =>
    Math.max(leastWidth(column), ...cells.map((row) => (row[column] ?? '').length)),
  )
  const [header = '', ...lines] = cells.map((row) => line(row, widths))
  return tableText([header, '-'.repeat(header.length), ...lines, '', throughputLine(throughput), ...legend(rows)])
}

function cellsOf(row: MetricRow): string[] {
  const values = VALUES.map((name) => {
    const value = row[name]
    return value === null ? '-' : markOf(row, name) + formatFixed(value, DECIMALS[row.unit])
  })
  return [row.label, row.unit, ...values, String(row.count)]
}

/** The mark in front of a value that is not sure; nothing at one that is. */
export function markOf(
  { lowerBounds, unsupported }: Pick<MetricRow, 'lowerBounds' | 'unsupported'>,
  value: string,
): string {
  if (lowerBounds.includes(value)) return LOWER_BOUND
  return unsupported.some((name) => name === value) ? UNSUPPORTED : ''
}

function leastWidth(column: number): number {
  if (column === 0) return LABEL_WIDTH
  if (column === 1) return UNIT_WIDTH
  return column === HEADER.length - 1 ? COUNT_WIDTH : VALUE_WIDTH
}

/** Texts on the left, numbers on the right. */
function line(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => {
      const width = widths[column] ?? 0
      if (column < 2) return `${padEndCodePoints(cell, width)}${column === 0 ? '  ' : ''}`
      return `${column === row.length - 1 ? '  ' : ' '}${cell.padStart(width)}`
    })
    .join('')
}

function throughputLine(rates: Throughput): string {
  const rate = (value: number | null, decimals: number): string => (value === null ? '-' : formatFixed(value, decimals))
  const tokens = [rates.inputTokensPerSecond, rates.outputTokensPerSecond, rates.totalTokensPerSecond]
  const [input, output, total] = tokens.map((value) => rate(value, 1))
  return `Whole run: ${rate(rates.sentPerSecond, 2)} requests/s; tokens/s: ${input} input + ${output} output = ${total}`
}

/** What the marks mean, of those that stand there. */
function legend(rows: readonly MetricRow[]): string[] {
  const marked = (mark: string) => (name: (typeof VALUES)[number]) =>
    rows.some((row) => row[name] !== null && markOf(row, name) === mark)
  const unsupported = VALUES.filter(marked(UNSUPPORTED)).filter(isPercentile)
  const needs = unsupported.map((name) => `${name} needs ${smallestCount(REPORTED_PERCENTILES[name])}`)
  const cut = Math.max(0, ...rows.map(({ censored }) => censored))
  return [
    ...(needs.length > 0 ? [`${UNSUPPORTED} n is too small to tell: ${needs.join(', ')}`] : []),
    ...(VALUES.some(marked(LOWER_BOUND))
      ? [`${LOWER_BOUND} at least: ${cut} requests were cut off or never sent; each counts with its age`]
      : []),
  ]
}

const isPercentile = (name: string): name is PercentileName & (typeof VALUES)[number] => name in REPORTED_PERCENTILES
