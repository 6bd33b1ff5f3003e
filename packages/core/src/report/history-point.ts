import type { MetricName } from '../metrics/definitions.js'

/** The latencies of which the history keeps percentiles, by their names there. */
export const HISTORY_METRICS = {
  ttft: 'time_to_first_token',
  itl: 'inter_token_latency',
  e2e: 'total_latency',
  scheduleLag: 'schedule_lag',
} as const satisfies Record<string, MetricName>
export type HistoryMetric = keyof typeof HISTORY_METRICS

/** Percentiles of all values that were reported for a time, in milliseconds. */
export interface HistoryLatency {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/**
 * A run over one span of time, over all workers. Of a second or, the longer ago, of more: what is
 * folded is added up, so that rates are of the whole span and percentiles of all values in it.
 *
 * Requests count as sent when they are sent; everything else when it is reported, at most a second
 * after they ended. What one report tells of several seconds is spread evenly over them.
 */
export interface HistoryPoint {
  /** Begin of the span, seconds after the start of the run. */
  readonly fromS: number
  readonly lengthS: number
  /** Those that reported; mean over the span, as are users and requests in flight. */
  readonly workers: number
  readonly users: number
  readonly inFlight: number
  readonly sentPerS: number
  readonly succeededPerS: number
  readonly failedPerS: number
  /** Arrivals that found no free user when they were due. */
  readonly latePerS: number
  /** Of answers that ended in the span. */
  readonly inputTokensPerS: number
  readonly outputTokensPerS: number
  /** Null = no value was reported. */
  readonly latencies: Readonly<Record<HistoryMetric, HistoryLatency | null>>
  /** CPU of all workers together, in cores; mean over the span. */
  readonly cpuCores: number
  /** Of the busiest worker in its busiest second: event-loop utilisation, 0…1 … */
  readonly eluMax: number
  /** … and the longest delay of its event loop. */
  readonly loopDelayMaxMs: number
  /** Memory of the largest worker. */
  readonly rssBytesMax: number
}
