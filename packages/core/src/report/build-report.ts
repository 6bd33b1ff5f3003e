import { METRICS, type MetricDefinition, type MetricUnit, UNIT_SCALE } from '../metrics/definitions.js'
import type { ErrorEntryData } from '../metrics/error-entry.js'
import type { Histogram } from '../metrics/histogram.js'
import type { Stats } from '../metrics/stats.js'
import type { Plan } from '../plan.js'
import { type ClockReading, PROTOCOL_VERSION, type RequestCounts, type WorkerHealth } from '../protocol/messages.js'
import { PERCENTILES, percentileLabel } from '../text/percentile-table.js'
import { sortedRows, type TableRow } from '../text/table-layout.js'
import type { LossFacts } from '../verdict/facts.js'
import { judge } from '../verdict/verdict.js'
import { notesOf } from './notes.js'
import {
  type Environment,
  REPORT_SCHEMA_VERSION,
  type ReportedMetric,
  type ReportedWorker,
  type RunReport,
  type WindowEnd,
} from './run-report.js'
import { isRequestRow, totalRows } from './table-rows.js'

/** All that a master knows when a run is over. */
export interface RunRecord {
  readonly plan: Plan
  /** Of llmload. */
  readonly version: string
  readonly environment: Omit<Environment, 'workerHosts'>
  readonly window: WindowRecord
  /** Numbers of the phase that the window is about. */
  readonly stats: Stats
  /** Requests sent before the window. */
  readonly rampRequests: number
  readonly workers: readonly WorkerRecord[]
}

export interface WindowRecord {
  readonly phase: 'measured' | 'ramp'
  /** Wall times, Unix milliseconds. */
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly endedBy: WindowEnd
}

export interface WorkerRecord {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly loadShare: number
  readonly counts: Pick<RequestCounts, 'sent' | 'succeeded' | 'failed' | 'censored'>
  readonly lateByMs: number | null
  readonly clock: ClockReading | null
  readonly deltas: number
  readonly missingDeltas: number
  readonly lost: LossFacts | null
  readonly tokenizer: string | null
  readonly warnings: readonly string[]
  /** One reading per second of the window. */
  readonly health: readonly WorkerHealth[]
}

/** The report of a run: every number that any of the outputs shows comes from here. */
export function buildReport(record: RunRecord): RunReport {
  const { plan, stats, window, workers } = record
  const lengthS = (window.endedAtMs - window.startedAtMs) / 1000
  const { verdict, reasons } = judge(factsOf(record))
  const report = {
    verdict,
    reasons: [...reasons],
    requests: requestsOf(stats, lengthS),
    metrics: metricsOf(stats),
    entries: sortedRows(totalRows(stats.entries, lengthS).rows).map((row) => entryOf(row, lengthS)),
    errors: [...stats.errors.entries].map(errorOf),
    window: {
      phase: window.phase,
      startedAt: utc(window.startedAtMs),
      endedAt: utc(window.endedAtMs),
      lengthS,
      endedBy: window.endedBy,
      rampRequests: record.rampRequests,
    },
    plan,
    workers: workers.map(workerOf),
    environment: { ...record.environment, workerHosts: [...new Set(workers.map(({ host }) => host))] },
    versions: { llmload: record.version, protocol: PROTOCOL_VERSION, schema: REPORT_SCHEMA_VERSION },
  } satisfies Omit<RunReport, 'notes'>
  return { ...report, notes: notesOf(report) }
}

function factsOf({ plan, stats, workers }: RunRecord) {
  const median = (name: 'total_latency' | 'time_to_first_token' | 'inter_token_latency'): number | null =>
    inUnit(stats.histogram(name).percentile(50), 'ms')
  const latencyP50Ms = median('time_to_first_token') ?? median('total_latency')
  return {
    counts: stats.counts,
    openLoop: plan.load.qps !== null,
    lagP99Ms: inUnit(stats.histogram('schedule_lag').percentile(99), 'ms'),
    latencyP50Ms,
    finestP50Ms: median('inter_token_latency') ?? latencyP50Ms,
    workers,
  }
}

function requestsOf({ counts, failures, tokenSources }: Stats, lengthS: number): RunReport['requests'] {
  const perSecond = (n: number): number | null => finite(n / lengthS)
  return {
    ...counts,
    failures: Object.fromEntries(failures),
    failRatio: finite(counts.failed / (counts.succeeded + counts.failed)),
    tokenSources: Object.fromEntries(tokenSources),
    sentPerSecond: perSecond(counts.sent),
    succeededPerSecond: perSecond(counts.succeeded),
    inputTokensPerSecond: perSecond(counts.inputTokens),
    outputTokensPerSecond: perSecond(counts.outputTokens),
  }
}

function metricsOf(stats: Stats): RunReport['metrics'] {
  const metrics = METRICS.map((metric) => [metric.name, metricOf(metric, stats.histogram(metric.name))])
  return Object.fromEntries(metrics) as RunReport['metrics']
}

function metricOf({ unit }: MetricDefinition, histogram: Histogram): ReportedMetric {
  const at = (percent: number): number | null => inUnit(histogram.percentile(percent), unit)
  return {
    unit,
    count: histogram.count,
    mean: inUnit(histogram.mean, unit),
    min: inUnit(histogram.min, unit),
    p50: at(50),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    max: inUnit(histogram.max, unit),
  }
}

function entryOf({ entry, reqPerS, failPerS }: TableRow, lengthS: number): RunReport['entries'][number] {
  const ifAny = (value: number | null): number | null => (entry.numRequests > 0 ? value : null)
  return {
    method: entry.method,
    name: entry.name,
    unit: unitOf(entry),
    requests: entry.numRequests,
    failures: entry.numFailures,
    average: ifAny(entry.avg),
    min: entry.minMs,
    max: ifAny(entry.maxMs),
    median: ifAny(entry.median),
    requestsPerSecond: lengthS > 0 ? reqPerS : null,
    failuresPerSecond: lengthS > 0 ? failPerS : null,
    percentiles: Object.fromEntries(PERCENTILES.map((p) => [percentileLabel(p), ifAny(entry.percentile(p))])),
  }
}

function unitOf(entry: { readonly method: string; readonly name: string }): MetricUnit {
  const metric = isRequestRow(entry) ? undefined : METRICS.find(({ name }) => name === entry.name)
  return metric?.unit ?? 'ms'
}

function errorOf({
  method,
  name,
  error,
  occurrences,
  firstSeenMs,
  lastSeenMs,
}: ErrorEntryData): RunReport['errors'][number] {
  return { method, name, error, occurrences, firstSeen: utc(firstSeenMs), lastSeen: utc(lastSeenMs) }
}

function workerOf({ counts, health, ...worker }: WorkerRecord): ReportedWorker {
  const values = (of: (second: WorkerHealth) => number): number[] => health.map(of)
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.pid,
    loadShare: worker.loadShare,
    sent: counts.sent,
    succeeded: counts.succeeded,
    failed: counts.failed,
    censored: counts.censored,
    lateByMs: worker.lateByMs,
    clock: worker.clock,
    deltas: worker.deltas,
    missingDeltas: worker.missingDeltas,
    lost: worker.lost,
    tokenizer: worker.tokenizer,
    warnings: [...worker.warnings],
    eluMean: mean(values(({ elu }) => elu)),
    eluMax: largest(values(({ elu }) => elu)),
    loopDelayP99MsMax: largest(values(({ loopDelayP99Ms }) => loopDelayP99Ms)),
    cpuCoresMean: mean(values(({ cpuCores }) => cpuCores)),
    rssBytesMax: largest(values(({ rssBytes }) => rssBytes)),
  }
}

const mean = (values: readonly number[]): number | null =>
  finite(values.reduce((sum, value) => sum + value, 0) / values.length)
const largest = (values: readonly number[]): number | null =>
  finite(values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY))
const inUnit = (recorded: number, unit: MetricUnit): number | null => finite(recorded / UNIT_SCALE[unit])
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
const utc = (wallMs: number): string => new Date(wallMs).toISOString()
