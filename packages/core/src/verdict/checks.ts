import type { WorkerHealth } from '../protocol/messages.js'
import type { RunFacts, WorkerFacts } from './facts.js'
import {
  BUSY_ELU,
  LAG_P75_TOLERANCE_MS,
  LAG_P95_TOLERANCE_MS,
  type ReasonCode,
  SATURATED_ELU,
  STALL_MS,
  STAMP_TOLERANCE_MS,
  STOLEN_BY_HOST,
  STOLEN_CPU,
  THROTTLED_MS,
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
    observed: lost?.loadShare ?? 0,
    message: lost
      ? `lost ${seconds(lost.atS)} after the start (${lost.how}); ${percent(lost.loadShare)} of the load was missing from then on`
      : '',
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
  ({ id, health }) => {
    const observed = badSeconds(health, ({ elu }) => elu > BUSY_ELU)
    return { code: 'event_loop_busy', worker: id, observed, message: eventLoop(`above ${BUSY_ELU}`, observed) }
  },
  ({ id, health }) => {
    const observed = badSeconds(health, ({ elu }) => elu > SATURATED_ELU)
    return {
      code: 'event_loop_saturated',
      worker: id,
      observed,
      message: eventLoop(`above ${SATURATED_ELU}`, observed),
    }
  },
  ({ id, health }) => {
    const observed = badSeconds(health, ({ elu, cpuCores }) => elu - cpuCores > STOLEN_CPU)
    const message = `it was busy, but without a CPU, for more than ${percent(STOLEN_CPU)} of a second in ${ofSeconds(observed)}`
    return { code: 'cpu_stolen', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = badSeconds(health, ({ throttledMs }) => (throttledMs ?? 0) > THROTTLED_MS)
    const throttled = meanOf(health, ({ throttledMs }) => throttledMs ?? 0) / 1000
    const message = `its CPU quota was used up for ${percent(throttled)} of the time, noticeably in ${ofSeconds(observed)}`
    return { code: 'cpu_throttled', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = badSeconds(health, ({ stealShare }) => (stealShare ?? 0) > STOLEN_BY_HOST)
    const stolen = meanOf(health, ({ stealShare }) => stealShare ?? 0)
    const message = `the hypervisor gave ${percent(stolen)} of its machine’s CPU time to others, noticeably in ${ofSeconds(observed)}`
    return { code: 'cpu_steal', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = meanOf(health, ({ gcMs }) => gcMs) / 1000
    const longestMs = Math.max(0, ...health.map(({ gcMaxMs }) => gcMaxMs))
    const message = `it spent ${percent(observed)} of the time in garbage collection (longest pause ${milliseconds(longestMs)})`
    return { code: 'garbage_collection', worker: id, observed, message }
  },
  ({ id, health }) => {
    const observed = Math.max(0, ...health.map(({ rssBytes, memoryLimitBytes }) => ratio(rssBytes, memoryLimitBytes)))
    const limitBytes = health[0]?.memoryLimitBytes ?? 0
    const message = `it used up to ${percent(observed)} of the ${mebibytes(limitBytes)} that it may have`
    return { code: 'memory', worker: id, observed, message }
  },
]

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
function badSeconds(health: readonly WorkerHealth[], isBad: (second: WorkerHealth) => boolean): number {
  const bad = health.filter(isBad).length
  return bad <= 1 ? 0 : ratio(bad, health.length)
}

function stalls(worker: string, health: readonly WorkerHealth[]): Observation {
  // One per second is seen, the longest: a second has room for few.
  const longMs = health.map(({ loopDelayMaxMs }) => loopDelayMaxMs).filter((delayMs) => delayMs > STALL_MS)
  const message =
    `it did not run for ${STALL_MS} ms or more in ${longMs.length} of ${health.length} seconds, ` +
    `once for ${milliseconds(Math.max(0, ...longMs))}`
  const totalMs = longMs.reduce((sum, delayMs) => sum + delayMs, 0)
  return { code: 'stalls', worker, observed: ratio(totalMs / 1000, health.length), message }
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

/** The mean of all seconds but the worst. */
function loopDelay({ id, health }: WorkerFacts, { finestP50Ms }: RunFacts): Observation {
  const delays = health.map(({ stampDelayMs }) => stampDelayMs).toSorted((a, b) => a - b)
  const delayMs = mean(delays.slice(0, -1))
  return {
    code: 'loop_delay',
    worker: id,
    observed: delayAgainst(delayMs, finestP50Ms, STAMP_TOLERANCE_MS),
    message:
      `its event loop made time stamps ${milliseconds(delayMs)} late on average, ` +
      `where the finest median that they measure is ${milliseconds(finestP50Ms ?? 0)}`,
  }
}

/** A delay of the client as a share of what is measured; 0 where it is tolerated or nothing was measured. */
function delayAgainst(delayMs: number, measuredMs: number | null, toleranceMs: number): number {
  return delayMs <= toleranceMs || measuredMs === null ? 0 : ratio(delayMs, measuredMs)
}

const mean = (values: readonly number[]): number =>
  ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  )
const meanOf = (health: readonly WorkerHealth[], of: (second: WorkerHealth) => number): number => mean(health.map(of))
const eventLoop = (what: string, observed: number): string =>
  `event loop: utilisation ${what} in ${ofSeconds(observed)}`
const ofSeconds = (share: number): string => `${percent(share)} of the seconds`
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`
const seconds = (s: number): string => `${s.toFixed(1)} s`
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`
const milliseconds = (ms: number): string => `${Number(ms.toFixed(1))} ms`
