import type { LadderStep, PacingStep, Quantiles, StepOutcome } from './result.js'

type Column<Row> = readonly [head: string, cell: (row: Row) => string]

const OUTCOMES: Record<StepOutcome, string> = {
  within: 'ok',
  beyond: 'beyond the limit',
  simulator: 'simulator too slow',
  failed: 'requests failed',
}

const fixed = (value: number | null, digits: number): string => (value === null ? '-' : value.toFixed(digits))
const whole = (value: number | null): string => (value === null ? '-' : Math.round(value).toLocaleString('en'))
const quantiles = ({ p50, p99, max }: Quantiles): string => [p50, p99, max].map((value) => fixed(value, 2)).join(' / ')

const LADDER: readonly Column<LadderStep>[] = [
  ['streams', ({ streams }) => whole(streams)],
  ['tokens/s', ({ tokensPerS }) => whole(tokensPerS)],
  ['first token', ({ firstTokenErrorMs }) => quantiles(firstTokenErrorMs)],
  ['every chunk', ({ chunkErrorMs }) => quantiles(chunkErrorMs)],
  ['end', ({ endErrorMs }) => quantiles(endErrorMs)],
  ['simulator late', ({ simulatorLateMs }) => quantiles(simulatorLateMs)],
  ['CPU ms/1k tok', ({ cpuMsPer1000Tokens }) => fixed(cpuMsPer1000Tokens, 1)],
  ['', ({ outcome }) => OUTCOMES[outcome]],
]

const PACING: readonly Column<PacingStep>[] = [
  ['req/s', ({ ratePerS }) => whole(ratePerS)],
  ['sent/s', ({ sentPerS }) => fixed(sentPerS, 1)],
  ['late, ms', ({ lagMs }) => quantiles(lagMs)],
  ['requests', ({ lagMs }) => whole(lagMs.n)],
]

/** The ladder for a terminal: errors are p50 / p99 / max in milliseconds. */
export const ladderTable = (steps: readonly LadderStep[]): string => table(LADDER, steps)

/** How late requests left at each rate: p50 / p99 / max. */
export const pacingTable = (steps: readonly PacingStep[]): string => table(PACING, steps)

function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(([head]) => head), ...rows.map((row) => columns.map(([, cell]) => cell(row)))]
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)))
  const text = (cells: string[]) => cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')
  return lines.map((cells) => `${text(cells).trimEnd()}\n`).join('')
}
