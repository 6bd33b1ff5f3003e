import { METRICS, type MetricName } from '../metrics/definitions.js'
import type { MetricRow } from '../text/metrics-block.js'
import type { ReportedMetric, RunReport } from './run-report.js'

type Numbers = Pick<RunReport, 'metrics' | 'plan'>

/** Two metrics tell different things if one is larger by so much: at the median, or at the tail, which is less sure. */
const DIFFERS = { p50: 1.01, p99: 1.05 }

/** When those metrics that are shown where they are telling are so. */
const TELLS: Partial<Record<MetricName, (numbers: Numbers) => boolean>> = {
  time_to_first_token_from_intended: larger('time_to_first_token_from_intended', 'time_to_first_token'),
  total_latency_from_intended: larger('total_latency_from_intended', 'total_latency'),
  // It is smaller where events bring several tokens.
  inter_token_latency_per_token: larger('inter_token_latency', 'inter_token_latency_per_token'),
  time_to_first_visible_token: reasons,
  reasoning_duration: reasons,
  schedule_lag: ({ plan }) => plan.load.qps !== null,
}

/** The lines of our metrics block: what its reader always wants to know, and what else is telling in this run. */
export function metricRows(report: Numbers): MetricRow[] {
  return METRICS.flatMap(({ name, label, shown }) => {
    const isShown = shown === 'always' || (shown === 'telling' && TELLS[name]?.(report) === true)
    return isShown ? [{ label: label ?? name, ...report.metrics[name] }] : []
  })
}

function larger(name: MetricName, than: MetricName): (numbers: Numbers) => boolean {
  return ({ metrics }) => {
    const exceeds = (percentile: 'p50' | 'p99'): boolean => {
      const value = metrics[name][percentile]
      const other = metrics[than][percentile]
      return value !== null && other !== null && value > other * DIFFERS[percentile]
    }
    return exceeds('p50') || exceeds('p99')
  }
}

function reasons({ metrics }: Numbers): boolean {
  return isMeasured(metrics.reasoning_duration)
}

const isMeasured = ({ count }: ReportedMetric): boolean => count > 0
