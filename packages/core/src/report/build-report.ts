import { timesOf } from '../arrival/load-profile.js'
import { measuredFromMs } from '../arrival/ramp.js'
import { METRICS, type MetricName } from '../metrics/definitions.js'
import type { ErrorEntryData } from '../metrics/error-entry.js'
import { type MetricUnit, UNIT_SCALE } from '../metrics/metric-definition.js'
import { RUN_RATES, type RunRateName, type RunSums } from '../metrics/run-rates.js'
import { Stats } from '../metrics/stats.js'
import type { Plan } from '../plan.js'
import { PROTOCOL_VERSION } from '../protocol/messages.js'
import type { RequestCounts } from '../protocol/stats-data.js'
import { PERCENTILES, percentileLabel } from '../text/percentile-table.js'
import { sortedRows, type TableRow } from '../text/table-layout.js'
import { isClientError } from '../verdict/client-errors.js'
import type { LossFacts } from '../verdict/facts.js'
import type { HealthTotals } from '../verdict/health-totals.js'
import { judge } from '../verdict/verdict.js'
import { reportedMetrics } from './metric-numbers.js'
import { notesOf } from './notes.js'
import {
  type Environment,
  REPORT_SCHEMA_VERSION,
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
  /** The same, of each stage of the plan for itself. */
  readonly stages: readonly Stats[]
  /** Requests sent before the window. */
  readonly rampRequests: number
  /** How the level of the load was changed while it went on. */
  readonly changes: RunReport['changes']
  readonly workers: readonly WorkerRecord[]
}

export interface WindowRecord {
  readonly phase: 'measured' | 'ramp'
  /** Wall times, Unix milliseconds. */
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly endedBy: WindowEnd
  /** Why, where that takes a sentence. */
  readonly endReason: string | null
}

export interface WorkerRecord {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly joinedAtS: ReportedWorker['joinedAtS']
  readonly loadShare: number
  readonly shares: ReportedWorker['shares']
  readonly away: ReportedWorker['away']
  readonly counts: Pick<RequestCounts, 'sent' | 'succeeded' | 'failed' | 'censored'>
  readonly lateByMs: number | null
  readonly clock: ReportedWorker['clock']
  readonly deltas: number
  readonly missingDeltas: number
  readonly lost: LossFacts | null
  readonly leftAtS: ReportedWorker['leftAtS']
  readonly tokenizer: string | null
  readonly warnings: readonly string[]
  /** Of the seconds of the window. */
  readonly health: HealthTotals
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
    metrics: reportedMetrics(stats),
    entries: sortedRows(totalRows(stats.entries, lengthS).rows).map((row) => entryOf(row, lengthS)),
    errors: [...stats.errors.entries].map(errorOf),
    window: {
      phase: window.phase,
      startedAt: utc(window.startedAtMs),
      endedAt: utc(window.endedAtMs),
      lengthS,
      endedBy: window.endedBy,
      endReason: window.endReason,
      rampRequests: record.rampRequests,
    },
    stages: window.phase === 'measured' ? stagesOf(record, lengthS) : [],
    changes: record.changes,
    plan,
    workers: workers.map(workerOf),
    environment: { ...record.environment, workerHosts: [...new Set(workers.map(({ host }) => host))] },
    versions: { llmload: record.version, protocol: PROTOCOL_VERSION, schema: REPORT_SCHEMA_VERSION },
  } satisfies Omit<RunReport, 'notes'>
  return { ...report, notes: notesOf(report) }
}

/** Those that were reached. */
function stagesOf({ plan: { load }, stages }: RunRecord, windowS: number): RunReport['stages'] {
  const openMs = measuredFromMs(load)
  const started = timesOf(load).filter(({ fromMs }) => (fromMs - openMs) / 1000 < windowS)
  return started.map(({ fromMs, endMs }, i) => {
    const stats = stages[i] ?? new Stats()
    const fromS = (fromMs - openMs) / 1000
    const lengthS = Math.min((endMs - openMs) / 1000, windowS) - fromS
    return { fromS, lengthS, requests: requestsOf(stats, lengthS), metrics: reportedMetrics(stats) }
  })
}

function factsOf({ plan, stats, workers }: RunRecord) {
  const percentile = (name: MetricName, q: number): number | null => inUnit(stats.histogram(name).percentile(q), 'ms')
  const latency = stats.histogram('time_to_first_token').count > 0 ? 'time_to_first_token' : 'total_latency'
  const median = (name: MetricName): number | null => percentile(name, 50)
  const latencyP50Ms = median(latency)
  return {
    counts: stats.counts,
    openLoop: plan.load.qps !== null,
    lagP95Ms: percentile('schedule_lag', 95),
    lagP75Ms: percentile('schedule_lag', 75),
    clientErrors: clientErrorsOf(stats),
    latencyP50Ms,
    latencyP99Ms: percentile(latency, 99),
    // The gap between events is zero where a late client read several at once: no excuse for being late.
    finestP50Ms: Math.max(median('inter_token_latency') ?? 0, median('time_per_output_token') ?? 0) || latencyP50Ms,
    workers,
  }
}

const clientErrorsOf = ({ errors }: Stats): number =>
  [...errors.entries].filter(({ error }) => isClientError(error)).reduce((sum, { occurrences }) => sum + occurrences, 0)

function requestsOf(stats: Stats, lengthS: number): RunReport['requests'] {
  const { counts, failures, tokenSources, oddities, tokenChecks } = stats
  const sums = runSums(stats)
  return {
    ...counts,
    inputTokens: finite(sums.inputTokens),
    outputTokens: finite(sums.outputTokens),
    failures: Object.fromEntries(failures),
    failRatio: finite(counts.failed / (counts.succeeded + counts.failed)),
    tokenSources: Object.fromEntries(tokenSources),
    oddities: Object.fromEntries(oddities),
    tokenChecks: Object.fromEntries(tokenChecks),
    ...ratesOf(sums, lengthS),
  }
}

/** Tokens that could not be counted are not 0. */
function runSums(stats: Stats): RunSums {
  const { counts, tokenSources } = stats
  const sum = (tokens: number, counted: number): number => (counts.succeeded > 0 && counted === 0 ? Number.NaN : tokens)
  return {
    sent: counts.sent,
    succeeded: counts.succeeded,
    inputTokens: sum(counts.inputTokens, stats.histogram('prompt_tokens').count),
    outputTokens: sum(counts.outputTokens, tokenSources.size),
  }
}

function ratesOf(sums: RunSums, lengthS: number): Record<RunRateName, number | null> {
  const rates = Object.entries(RUN_RATES).map(([name, { amount }]) => [name, finite(amount(sums) / lengthS)])
  return Object.fromEntries(rates) as Record<RunRateName, number | null>
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
  const { seconds } = health
  const ifAny = (value: number): number | null => (seconds === 0 ? null : value)
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.pid,
    joinedAtS: worker.joinedAtS,
    loadShare: worker.loadShare,
    shares: worker.shares,
    away: worker.away,
    sent: counts.sent,
    succeeded: counts.succeeded,
    failed: counts.failed,
    censored: counts.censored,
    lateByMs: worker.lateByMs,
    clock: worker.clock,
    deltas: worker.deltas,
    missingDeltas: worker.missingDeltas,
    lost: worker.lost,
    leftAtS: worker.leftAtS,
    tokenizer: worker.tokenizer,
    warnings: [...worker.warnings],
    eluMean: finite(health.eluSum / seconds),
    eluMax: ifAny(health.eluMax),
    loopDelayP99MsMax: ifAny(health.loopDelayP99MaxMs),
    cpuCoresMean: finite(health.cpuCoresSum / seconds),
    rssBytesMax: ifAny(health.rssMaxBytes),
  }
}

const inUnit = (recorded: number, unit: MetricUnit): number | null => finite(recorded / UNIT_SCALE[unit])
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
const utc = (wallMs: number): string => new Date(wallMs).toISOString()
