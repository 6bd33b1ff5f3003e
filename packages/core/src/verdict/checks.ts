import type { WorkerHealth } from '../protocol/messages.js'
import type { RunFacts, WorkerFacts } from './facts.js'
import {
  BAD_SECONDS,
  BUSY_ELU,
  CLIENT_DELAY_TOLERANCE_MS,
  type ReasonCode,
  SATURATED_ELU,
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
  (worker, facts) => loopDelay('loop_delay', worker, facts, 1 - BAD_SECONDS),
  (worker, facts) => loopDelay('loop_delay_lasting', worker, facts, 0.5),
  ({ id, health }) =>
    shareOfSeconds('event_loop_busy', id, health, `utilisation above ${BUSY_ELU}`, ({ elu }) => elu > BUSY_ELU),
  ({ id, health }) =>
    shareOfSeconds(
      'event_loop_saturated',
      id,
      health,
      `utilisation above ${SATURATED_ELU}`,
      ({ elu }) => elu > SATURATED_ELU,
    ),
  ({ id, health }) =>
    shareOfSeconds(
      'cpu_stolen',
      id,
      health,
      'no CPU while it was busy',
      ({ elu, cpuCores }) => elu - cpuCores > STOLEN_CPU,
    ),
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
  ({ openLoop, lagP99Ms, latencyP50Ms }) => ({
    code: 'schedule_lag',
    worker: null,
    observed: openLoop && lagP99Ms !== null ? delayAgainst(lagP99Ms, latencyP50Ms) : 0,
    message: `requests were sent ${milliseconds(lagP99Ms ?? 0)} late (p99), where the median latency is ${milliseconds(latencyP50Ms ?? 0)}`,
  }),
  ({ counts: { sent, censored } }) => ({
    code: 'censored',
    worker: null,
    observed: ratio(censored, sent),
    message: `${censored} of ${sent} requests were cut off at the end`,
  }),
]

function shareOfSeconds(
  code: ReasonCode,
  worker: string,
  health: readonly WorkerHealth[],
  what: string,
  isBad: (second: WorkerHealth) => boolean,
): Observation {
  const observed = ratio(health.filter(isBad).length, health.length)
  return { code, worker, observed, message: `event loop: ${what} in ${percent(observed)} of the seconds` }
}

/** The delay that a share of the seconds, 0…1, stays within. */
function loopDelay(
  code: ReasonCode,
  { id, health }: WorkerFacts,
  { finestP50Ms }: RunFacts,
  share: number,
): Observation {
  const delays = health.map(({ loopDelayP99Ms }) => loopDelayP99Ms).toSorted((a, b) => a - b)
  const delayMs = delays[Math.ceil(delays.length * share) - 1] ?? 0
  const reached = ratio(delays.filter((delay) => delay >= delayMs).length, delays.length)
  return {
    code,
    worker: id,
    observed: delayAgainst(delayMs, finestP50Ms),
    message:
      `its event loop ran ${milliseconds(delayMs)} late or more (p99) in ${percent(reached)} of the seconds, ` +
      `where the median to be measured is ${milliseconds(finestP50Ms ?? 0)}`,
  }
}

/** A delay of the client as a share of what is measured; 0 where it is too small to matter or nothing was measured. */
function delayAgainst(delayMs: number, measuredMs: number | null): number {
  return delayMs <= CLIENT_DELAY_TOLERANCE_MS || measuredMs === null ? 0 : ratio(delayMs, measuredMs)
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`
const seconds = (s: number): string => `${s.toFixed(1)} s`
const milliseconds = (ms: number): string => `${Number(ms.toFixed(1))} ms`
