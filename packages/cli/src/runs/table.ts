import { padEndCodePoints, printable } from '@llmload/core'
import type { ListedRun } from './listed-run.js'

interface Column {
  readonly title: string
  readonly isNumber?: true
  readonly of: (run: ListedRun) => string
}

const COLUMNS: readonly Column[] = [
  { title: 'Run', of: ({ id }) => id },
  {
    title: 'Started (UTC)',
    of: ({ startedAt }) => startedAt?.replace('T', ' ').slice(0, 'yyyy-mm-dd hh:mm:ss'.length) ?? '-',
  },
  { title: 'Target', of: ({ target }) => printable(target ?? '-') },
  { title: 'Model', of: ({ model }) => printable(model ?? '-') },
  { title: 'Load', of: loadOf },
  { title: 'Window s', isNumber: true, of: ({ lengthS }) => fixed(lengthS, 1) },
  { title: 'Requests', isNumber: true, of: ({ requests }) => fixed(requests, 0) },
  { title: 'Failed %', isNumber: true, of: ({ failRatio }) => fixed(failRatio && failRatio * 100, 2) },
  { title: 'TTFT p50 ms', isNumber: true, of: ({ ttftP50Ms }) => fixed(ttftP50Ms, 2) },
  { title: 'p99 ms', isNumber: true, of: ({ ttftP99Ms }) => fixed(ttftP99Ms, 2) },
  { title: 'Verdict', of: ({ verdict }) => verdict ?? '-' },
  { title: 'Exit', of: ({ state, exitCode }) => (exitCode === null ? state : String(exitCode)) },
]

/** The runs as lines, and a last one if there are more. */
export function runsTable(runs: readonly ListedRun[], { path, all }: { path: string; all: number }): string {
  const rows = [COLUMNS.map(({ title }) => title), ...runs.map((run) => COLUMNS.map(({ of }) => of(run)))]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => padded(cell, column, widths))
      .join('  ')
      .trimEnd(),
  )
  const rest = all > runs.length ? [`${all - runs.length} more in ${path}: llmload runs ${all}`] : []
  return `${[...lines, ...rest].join('\n')}\n`
}

function padded(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0
  return COLUMNS[column]?.isNumber ? cell.padStart(width) : padEndCodePoints(cell, width)
}

function loadOf({ qps, users }: ListedRun): string {
  if (users === null) return '-'
  return qps === null ? `${users} users` : `${qps} qps, ${users} users`
}

const fixed = (value: number | null, decimals: number): string => (value === null ? '-' : value.toFixed(decimals))
