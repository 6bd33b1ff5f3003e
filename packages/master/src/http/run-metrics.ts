import { FAILURE_CLASSES, type MetricName, type RequestCounts, type Stats, type WorkerHealth } from '@llmload/core'
import type { PhaseName } from '../delta-ledger.js'
import { PHASES } from '../run-phase.js'
import type { Family, Sample } from './prometheus-text.js'
import type { RunSnapshot, WorkerStatus } from './run-snapshot.js'

/** Every count and histogram has both from the start, so that it never goes back: a window that opens is a new series. */
const STATS_PHASES: readonly PhaseName[] = ['ramp', 'measured']

const OUTCOMES = ['succeeded', 'failed', 'censored'] as const
const WORKER_STATUSES: readonly WorkerStatus[] = ['connected', 'away', 'lost']

/** Ten steps to a decade, ISO 3's R10: a quantile within one of them is off by less than a quarter. */
const PREFERRED = ['1', '1.25', '1.6', '2', '2.5', '3.15', '4', '5', '6.3', '8']

/** From 10^`from` seconds up to and including 10^`to`. */
function decades(from: number, to: number): number[] {
  const powers = Array.from({ length: to - from }, (_, i) => from + i)
  // Read from text: 3.15 * 1e-4 is not 0.000315.
  return [...powers.flatMap((power) => PREFERRED.map((step) => Number(`${step}e${power}`))), Number(`1e${to}`)]
}

interface HistogramFamily {
  readonly name: string
  readonly metric: MetricName
  readonly bounds: readonly number[]
  readonly help: string
}

const HISTOGRAMS: readonly HistogramFamily[] = [
  {
    name: 'llmload_time_to_first_token_seconds',
    metric: 'time_to_first_token',
    bounds: decades(-3, 2),
    help: 'TTFT: from sending a request to its first token.',
  },
  {
    name: 'llmload_inter_token_latency_seconds',
    metric: 'inter_token_latency',
    bounds: decades(-4, 1),
    help: 'ITL: gaps between the events of an answer that bring tokens.',
  },
  {
    name: 'llmload_time_per_output_token_seconds',
    metric: 'time_per_output_token',
    bounds: decades(-4, 1),
    help: 'TPOT: time after the first token over the number of further tokens, per request.',
  },
  {
    name: 'llmload_request_duration_seconds',
    metric: 'total_latency',
    bounds: decades(-3, 3),
    help: 'E2E: from sending a request to the end of its answer.',
  },
  {
    name: 'llmload_schedule_lag_seconds',
    metric: 'schedule_lag',
    bounds: decades(-4, 1),
    help: 'How much later than planned requests were sent. Only with a rate.',
  },
]

const COUNTERS: readonly (readonly [name: string, count: keyof RequestCounts, help: string])[] = [
  ['llmload_requests_sent', 'sent', 'Requests sent.'],
  ['llmload_arrivals_late', 'late', 'Arrivals that found no free user when they were due.'],
  ['llmload_arrivals_unsent', 'unsent', 'Arrivals that were due but never sent.'],
  ['llmload_input_tokens', 'inputTokens', 'Prompt tokens of answered requests.'],
  ['llmload_output_tokens', 'outputTokens', 'Generated tokens of answered requests.'],
]

const WORKER_GAUGES: readonly (readonly [name: string, value: (health: WorkerHealth) => number, help: string])[] = [
  [
    'llmload_worker_event_loop_utilization_ratio',
    ({ elu }) => elu,
    'How busy the event loop of a worker is, 0 to 1: near 1 its time stamps are late.',
  ],
  ['llmload_worker_cpu_cores', ({ cpuCores }) => cpuCores, 'CPU that a worker uses, in cores.'],
  [
    'llmload_worker_event_loop_delay_p99_seconds',
    ({ loopDelayP99Ms }) => loopDelayP99Ms / 1000,
    'Delay of the event loop of a worker in its last second, 99th percentile.',
  ],
  [
    'llmload_worker_event_loop_delay_max_seconds',
    ({ loopDelayMaxMs }) => loopDelayMaxMs / 1000,
    'Longest delay of the event loop of a worker in its last second.',
  ],
  [
    'llmload_worker_stamp_delay_seconds',
    ({ stampDelayMs }) => stampDelayMs / 1000,
    'How late a worker saw events in its last second, on average.',
  ],
  ['llmload_worker_resident_memory_bytes', ({ rssBytes }) => rssBytes, 'Memory of a worker.'],
]

/** What `GET /metrics` shows of a run: counts and histograms by phase, gauges of the fleet and of each worker. */
export function runMetrics(run: RunSnapshot): Family[] {
  return [...aboutRun(run), ...countsOf(run.stats), ...histogramsOf(run.stats), ...workersOf(run)]
}

function aboutRun(run: RunSnapshot): Family[] {
  const { runId, version, model, state, startAtMs, level, users, inFlight } = run
  const info = { run_id: runId, version, model }
  return [
    gauge('llmload_run_info', 'The run, always 1.', [{ labels: info, value: 1 }]),
    gauge(
      'llmload_run_state',
      'Where the run is in its life: 1 for one state, 0 for the others.',
      PHASES.map((name) => ({ labels: { state: name }, value: name === state ? 1 : 0 })),
    ),
    gauge('llmload_run_start_timestamp_seconds', 'When the load began, Unix time.', known(startAtMs, 1000)),
    gauge('llmload_target_requests_per_second', 'The rate asked for, over all workers.', known(level.qps)),
    gauge('llmload_target_users', 'The users asked for, over all workers.', known(level.users)),
    gauge('llmload_users', 'Users that run.', known(users)),
    gauge('llmload_requests_in_flight', 'Requests sent and not over yet.', known(inFlight)),
  ]
}

function countsOf(stats: RunSnapshot['stats']): Family[] {
  const finished = STATS_PHASES.flatMap((phase) =>
    OUTCOMES.map((outcome) => ({ labels: { phase, outcome }, value: stats[phase].counts[outcome] })),
  )
  const failures = STATS_PHASES.flatMap((phase) =>
    FAILURE_CLASSES.map((name) => ({ labels: { phase, class: name }, value: stats[phase].failures.get(name) ?? 0 })),
  )
  return [
    ...COUNTERS.map(([name, count, help]) =>
      counter(
        name,
        help,
        STATS_PHASES.map((phase) => ({ labels: { phase }, value: stats[phase].counts[count] })),
      ),
    ),
    counter('llmload_requests', 'Requests that are over, by how they ended; censored = cut off by llmload.', finished),
    counter('llmload_request_failures', 'Failed requests by class; docs/errors.md explains them.', failures),
  ]
}

const histogramsOf = (stats: RunSnapshot['stats']): Family[] =>
  HISTOGRAMS.map(({ name, metric, bounds, help }) => ({
    ...({ type: 'histogram', name, help, bounds } as const),
    samples: STATS_PHASES.map((phase) => histogramSample(phase, stats[phase], metric, bounds)),
  }))

function histogramSample(phase: PhaseName, stats: Stats, metric: MetricName, boundsS: readonly number[]) {
  const histogram = stats.histogram(metric)
  return {
    labels: { phase },
    upTo: histogram.countsUpTo(boundsS.map((boundS) => Math.round(boundS * 1e6))),
    count: histogram.count,
    sum: histogram.sum / 1e6,
  }
}

function workersOf({ workers }: RunSnapshot): Family[] {
  const counts = WORKER_STATUSES.map((status) => ({
    labels: { status },
    value: workers.filter((worker) => worker.status === status).length,
  }))
  return [
    gauge('llmload_workers', 'Workers by whether they are there.', counts),
    ...WORKER_GAUGES.map(([name, value, help]) =>
      gauge(
        name,
        help,
        workers.flatMap(({ id, health }) => (health ? [{ labels: { worker: id }, value: value(health) }] : [])),
      ),
    ),
  ]
}

/** A gauge without labels, left out where there is no value. */
const known = (value: number | null, perUnit = 1): Sample[] =>
  value === null ? [] : [{ labels: {}, value: value / perUnit }]

const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
  type: 'gauge',
  name,
  help,
  samples,
})
const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
  type: 'counter',
  name,
  help,
  samples,
})
