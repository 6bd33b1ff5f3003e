import { METRICS, type MetricName } from '../metrics/definitions.js'
import type { MetricRow } from '../text/metrics-block.js'
import type { RunReport } from './run-report.js'

/** The same latency measured from the schedule; of interest where it differs from the one measured from sending. */
const FROM_SCHEDULE: ReadonlyMap<MetricName, MetricName> = new Map([
  ['time_to_first_token_from_intended', 'time_to_first_token'],
  ['total_latency_from_intended', 'total_latency'],
])

/** Both starts of a request give the same latency if their 99th percentiles are within this ratio: below it, lag is no matter for the verdict either. */
const SAME_WITHIN = 1.05

/** The lines of our metrics block: all metrics with a label, those of the schedule only where they say something. */
export function metricRows({ metrics, plan }: Pick<RunReport, 'metrics' | 'plan'>): MetricRow[] {
  return METRICS.flatMap(({ name, label }) => {
    const metric = metrics[name]
    if (label === null || !isShown(name, metrics, plan.load.qps !== null)) return []
    const { unit, count: n, mean, p50, p90, p95, p99, max } = metric
    return [
      { label, unit, n, mean: mean ?? 0, p50: p50 ?? 0, p90: p90 ?? 0, p95: p95 ?? 0, p99: p99 ?? 0, max: max ?? 0 },
    ]
  })
}

function isShown(name: MetricName, metrics: RunReport['metrics'], openLoop: boolean): boolean {
  if (name === 'schedule_lag') return openLoop
  const fromSending = FROM_SCHEDULE.get(name)
  if (!fromSending) return true
  return (metrics[name].p99 ?? 0) > (metrics[fromSending].p99 ?? 0) * SAME_WITHIN
}
