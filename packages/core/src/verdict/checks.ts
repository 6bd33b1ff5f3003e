import type { LossFacts, RunFacts, WorkerFacts } from './facts.js'
import type { HealthTotals } from './health-totals.js'
import {
  BUSY_ELU,
  LAG_P75_TOLERANCE_MS,
  LAG_P95_TOLERANCE_MS,
  type ReasonCode,
  SATURATED_ELU,
  STALL_MS,
  STAMP_P99_TOLERANCE_MS,
  STAMP_TOLERANCE_MS,
  STOLEN_CPU,
} from './limits.js'

/** What a check saw; the limits say what that means. */
export interface Observation {
  readonly code: ReasonCode
  /** Null = the run as a whole. */
  readonly worker: string | null
  readonly observed: number
  /** With the values, for a reader. */
  readonly message: string
}

type WorkerCheck = (worker: WorkerFacts, facts: RunFacts) => Observation

export const WORKER_CHECKS: readonly WorkerCheck[] = [
  ({ id, lost }) => ({
    code: 'worker_lost',
    worker: id,
    observed: lost?.missingShare ?? 0,
    message: lost ? lossMessage(lost) : '',
  }),
  ({ id, lateByMs }) => ({
    code: 'late_start',
    worker: id,
    observed: lateByMs ?? 0,
    message: `started ${milliseconds(lateByMs ?? 0)} late`,
  }),
  ({ id, missingDeltas }) => ({
    code: 'delta_gap',
    worker: id,
    observed: missingDeltas,
    message: `${missingDeltas} of its reports never arrived`,
  }),
  ({ id, health }) => stalls(id, health),
  loopDelay,
  loopDelayTail,
  ({ id, health }) => {
    const observed = badShare(health.busy, health)
    return { code: 'event_loop_busy', worker: id, observed, message: eventLoop(`above ${BUSY_ELU}`, observed) }
  },
  ({ id, health }) => {
    const observed = badShare(health.saturated, health)
    return {
      code: 'event_loop_saturated',
      worker: id,
      observed,
      message: eventLoop(`above ${SATURATED_ELU}`, observed),
    }
  },
  ({ id, health }) => {
    const observed = badShare(health.stolen, health)
    const message = `it was busy, but without a CPU, for more than ${percent(STOLEN_CPU)} of a second in ${ofSeconds(observed)}`
    return { code: 'cpu_stolen', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = badShare(health.throttled, health)
    const throttled = ratio(health.throttledSumMs, health.seconds) / 1000
    const message = `its CPU quota was used up for ${percent(throttled)} of the time, noticeably in ${ofSeconds(observed)}`
    return { code: 'cpu_throttled', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = badShare(health.stealing, health)
    const stolen = ratio(health.stealSum, health.seconds)
    const message = `the hypervisor gave ${percent(stolen)} of its machine’s CPU time to others, noticeably in ${ofSeconds(observed)}`
    return { code: 'cpu_steal', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = ratio(health.gcSumMs, health.seconds) / 1000
    const message = `it spent ${percent(observed)} of the time in garbage collection (longest pause ${milliseconds(health.gcMaxMs)})`
    return { code: 'garbage_collection', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = health.memoryShareMax
    const message = `it used up to ${percent(observed)} of the ${mebibytes(health.memoryLimitBytes)} that it may have`
    return { code: 'memory', worker: id, observed, message }
  },
]

function lossMessage({ atS, how, loadShare, takenOverAtS, missingShare }: LossFacts): string {
  const lost = `lost ${seconds(atS)} after the start (${how})`
  if (takenOverAtS === null) return `${lost}; ${percent(loadShare)} of the load was missing from then on`
  const until = `${percent(loadShare)} of the load was missing until ${seconds(takenOverAtS)}`
  return `${lost}; ${until}, ${percent(missingShare)} of the whole`
}

type RunCheck = (facts: RunFacts) => Observation

export const RUN_CHECKS: readonly RunCheck[] = [
  ({ counts: { sent, unsent } }) => ({
    code: 'load_missed',
    worker: null,
    observed: ratio(unsent, sent + unsent),
    message: `${unsent} of ${sent + unsent} arrivals were due but never sent`,
  }),
  ({ counts: { sent, late } }) => ({
    code: 'late_arrivals',
    worker: null,
    observed: ratio(late, sent),
    message: `${late} of ${sent} arrivals found no free user when they were due`,
  }),
  ({ lagP95Ms, ...facts }) =>
    scheduleLag('schedule_lag', facts, lagP95Ms, { percentile: 'p95', toleranceMs: LAG_P95_TOLERANCE_MS }),
  ({ lagP75Ms, ...facts }) =>
    scheduleLag('schedule_lag_lasting', facts, lagP75Ms, { percentile: 'p75', toleranceMs: LAG_P75_TOLERANCE_MS }),
  ({ counts: { sent, censored } }) => ({
    code: 'censored',
    worker: null,
    observed: ratio(censored, sent),
    message: `${censored} of ${sent} requests were cut off at the end`,
  }),
  ({ counts: { sent }, clientErrors }) => ({
    code: 'client_errors',
    worker: null,
    observed: ratio(clientErrors, sent),
    message: `${clientErrors} of ${sent} requests failed for want of files, ports or memory on this side`,
  }),
]

/** Share of the seconds that are bad. A single one is forgiven: every host has a hiccup now and then. */
const badShare = (bad: number, { seconds }: HealthTotals): number => (bad <= 1 ? 0 : ratio(bad, seconds))

/** Of all seconds but the worst. */
const meanButWorst = (sum: number, worst: number, { seconds }: HealthTotals): number => ratio(sum - worst, seconds - 1)

function stalls(worker: string, { stalled, stalledMs, loopDelayMaxMs, seconds }: HealthTotals): Observation {
  const message =
    `it did not run for ${STALL_MS} ms or more in ${stalled} of ${seconds} seconds, ` +
    `once for ${milliseconds(loopDelayMaxMs)}`
  return { code: 'stalls', worker, observed: ratio(stalledMs / 1000, seconds), message }
}

function scheduleLag(
  code: ReasonCode,
  { openLoop, latencyP50Ms }: Pick<RunFacts, 'openLoop' | 'latencyP50Ms'>,
  lagMs: number | null,
  { percentile, toleranceMs }: { readonly percentile: string; readonly toleranceMs: number },
): Observation {
  return {
    code,
    worker: null,
    observed: openLoop && lagMs !== null ? delayAgainst(lagMs, latencyP50Ms, toleranceMs) : 0,
    message: `requests were sent ${milliseconds(lagMs ?? 0)} late (${percentile}), where the median latency is ${milliseconds(latencyP50Ms ?? 0)}`,
  }
}

function loopDelay({ id, health }: WorkerFacts, { finestP50Ms }: RunFacts): Observation {
  const delayMs = meanButWorst(health.stampDelaySumMs, health.stampDelayMaxMs, health)
  return {
    code: 'loop_delay',
    worker: id,
    observed: delayAgainst(delayMs, finestP50Ms, STAMP_TOLERANCE_MS),
    message:
      `its event loop made time stamps ${milliseconds(delayMs)} late on average, ` +
      `where the finest median that they measure is ${milliseconds(finestP50Ms ?? 0)}`,
  }
}

/** A second has a hundred readings, of which this is about the latest. */
function loopDelayTail({ id, health }: WorkerFacts, { latencyP99Ms }: RunFacts): Observation {
  const delayMs = meanButWorst(health.loopDelayP99SumMs, health.loopDelayP99MaxMs, health)
  return {
    code: 'loop_delay_tail',
    worker: id,
    observed: delayAgainst(delayMs, latencyP99Ms, STAMP_P99_TOLERANCE_MS),
    message:
      `its event loop was ${milliseconds(delayMs)} late (p99), ` +
      `where the latency that it measures is ${milliseconds(latencyP99Ms ?? 0)} (p99)`,
  }
}

/** A delay of the client as a share of what is measured; 0 where it is tolerated or nothing was measured. */
function delayAgainst(delayMs: number, measuredMs: number | null, toleranceMs: number): number {
  return delayMs <= toleranceMs || measuredMs === null ? 0 : ratio(delayMs, measuredMs)
}

const eventLoop = (what: string, observed: number): string =>
  `event loop: utilisation ${what} in ${ofSeconds(observed)}`
const ofSeconds = (share: number): string => `${percent(share)} of the seconds`
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`
const seconds = (s: number): string => `${s.toFixed(1)} s`
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`
const milliseconds = (ms: number): string => `${Number(ms.toFixed(1))} ms`
