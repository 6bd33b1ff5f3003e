import { METRICS, type MetricName } from '../metrics/definitions.js'
import { Histogram } from '../metrics/histogram.js'
import { type MetricUnit, UNIT_SCALE } from '../metrics/metric-definition.js'
import { CensoredSample, type PercentileName, REPORTED_PERCENTILES, smallestCount } from '../metrics/percentiles.js'
import type { Stats } from '../metrics/stats.js'
import type { ReportedMetric, RunReport } from './run-report.js'

const PERCENTILE_NAMES = Object.keys(REPORTED_PERCENTILES) as PercentileName[]

/** The numbers of every metric, by its name. */
export function reportedMetrics(stats: Stats): RunReport['metrics'] {
  const metrics = METRICS.map(({ name, unit }) => [name, numbersOf(unit, stats.histogram(name), agesOf(stats, name))])
  return Object.fromEntries(metrics) as RunReport['metrics']
}

/** A cut request says nothing of a metric that no answered one has: of a first token where nothing was streamed. */
function agesOf(stats: Stats, name: MetricName): Histogram {
  const never = stats.histogram(name).count === 0 && stats.counts.succeeded > 0
  return never ? new Histogram() : stats.ages(name)
}

function numbersOf(unit: MetricUnit, known: Histogram, ages: Histogram): ReportedMetric {
  const inUnit = (recorded: number): number | null => (Number.isFinite(recorded) ? recorded / UNIT_SCALE[unit] : null)
  const sample = new CensoredSample(known, ages)
  const percentiles = PERCENTILE_NAMES.map((name) => ({ name, ...sample.percentile(REPORTED_PERCENTILES[name]) }))
  const at = (wanted: PercentileName): number | null =>
    inUnit(percentiles.find(({ name }) => name === wanted)?.value ?? Number.NaN)
  const n = known.count + ages.count
  return {
    unit,
    count: known.count,
    mean: inUnit(known.mean),
    min: inUnit(known.min),
    p50: at('p50'),
    p90: at('p90'),
    p95: at('p95'),
    p99: at('p99'),
    p999: at('p999'),
    max: inUnit(sample.max),
    censored: ages.count,
    unsupported: n === 0 ? [] : PERCENTILE_NAMES.filter((name) => n < smallestCount(REPORTED_PERCENTILES[name])),
    lowerBounds: [
      ...percentiles.filter(({ isLowerBound }) => isLowerBound).map(({ name }) => name),
      ...(ages.count > 0 ? (['max'] as const) : []),
    ],
  }
}
