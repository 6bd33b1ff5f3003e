import { timesOf } from '../arrival/load-profile.js'
import type { MetricName } from '../metrics/definitions.js'
import type { Levels } from '../plan.js'
import type { RunReport } from '../report/run-report.js'
import { markOf } from './metrics-block.js'
import { formatFixed } from './python-format.js'
import { tableText } from './table-layout.js'

type ReportedStage = RunReport['stages'][number]

/** What a stage is compared by, with the percentiles that show a server at its limit. */
const LATENCIES = [
  { label: 'TTFT', metric: 'time_to_first_token' },
  { label: 'ITL', metric: 'inter_token_latency' },
  { label: 'E2E', metric: 'total_latency' },
] as const satisfies readonly { label: string; metric: MetricName }[]

const HEADER = [
  ...['Stage', 'from s', 'to s', 'QPS', 'users', 'sent/s', 'failed %', 'tokens/s'],
  ...LATENCIES.flatMap(({ label }) => [`${label} p50`, 'p99 ms']),
]

/** The stages of a run below one another, marks as in the metrics block; nothing for a run without. Ends in an empty line. */
export function stagesTable({ plan, stages, changes }: Pick<RunReport, 'plan' | 'stages' | 'changes'>): string {
  if (stages.length === 0) return ''
  const levels = levelsOf(plan, Math.min(...changes.map(({ atS }) => atS * 1000)))
  const rows = [HEADER, ...stages.map((stage, i) => [`${i + 1}`, ...cellsOf(stage, levels[i])])]
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const [header = '', ...lines] = rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  '))
  return tableText([header, '-'.repeat(header.length), ...lines])
}

function cellsOf({ fromS, lengthS, requests, metrics }: ReportedStage, level: StageLevel | undefined): string[] {
  const failed = requests.failRatio === null ? null : requests.failRatio * 100
  return [
    formatFixed(fromS, 1),
    formatFixed(fromS + lengthS, 1),
    level?.qps ?? '-',
    level?.users ?? '-',
    cell(requests.sentPerSecond, 2),
    cell(failed, 2),
    cell(requests.outputTokensPerSecond, 1),
    ...LATENCIES.flatMap(({ metric }) =>
      (['p50', 'p99'] as const).map((percentile) => {
        const value = metrics[metric][percentile]
        return value === null ? '-' : markOf(metrics[metric], percentile) + formatFixed(value, 2)
      }),
    ),
  ]
}

const cell = (value: number | null, decimals: number): string => (value === null ? '-' : formatFixed(value, decimals))

interface StageLevel {
  readonly qps: string
  readonly users: string
}

const CHANGED: StageLevel = { qps: 'changed', users: 'changed' }

/** A stage that does not say a level has that of the end of the one before. A change while running ends what the plan says. */
function levelsOf({ load }: RunReport['plan'], changedMs: number): StageLevel[] {
  let qps: Levels | null = load.qps === null ? null : { from: load.qps, to: load.qps }
  let users: Levels = { from: load.users, to: load.users }
  return timesOf(load).map((stage) => {
    qps = stage.qps ?? (qps && { from: qps.to, to: qps.to })
    users = stage.users ?? { from: users.to, to: users.to }
    if (changedMs < stage.endMs) return CHANGED
    return { qps: qps === null ? '-' : levelText(qps), users: levelText(users) }
  })
}

const levelText = ({ from, to }: Levels): string => (from === to ? `${from}` : `${from}..${to}`)
