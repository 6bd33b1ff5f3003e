import type { Levels, LoadPlan, RampingPlan } from '../plan.js'
import { exactMs } from './instant.js'
import { measuredFromMs, spawnAtMs } from './ramp.js'
import { RateCurve, type RatePiece } from './rate-curve.js'
import { UserCurve, type UserPiece } from './user-curve.js'

/** The rate of arrivals that a plan asks for, over time; null in a closed loop. */
export function rateCurveOf(plan: LoadPlan): RateCurve | null {
  if (plan.qps === null) return null
  const pieces: RatePiece[] = [{ fromMs: 0, qpsFrom: plan.qps, qpsTo: plan.qps }]
  for (const { fromMs, endMs, qps } of timesOf(plan)) {
    if (qps)
      pieces.push({ fromMs, qpsFrom: qps.from, qpsTo: qps.to }, { fromMs: endMs, qpsFrom: qps.to, qpsTo: qps.to })
  }
  return new RateCurve(pieces)
}

/** The users that a plan asks for, over time. In a closed loop each has one request in flight. */
export function userCurveOf(plan: LoadPlan): UserCurve {
  const { users, spawnRate, ramping } = plan
  const curve = new UserCurve()
  const spawn = (n: number): number => spawnAtMs(n, spawnRate)
  const ramp = ramping && rampingStep(ramping, users)
  curve.change({ fromMs: 0, ...held(users), spawnAtMs: ramp ? (n) => Math.max(spawn(n), ramp(n)) : spawn })
  for (const { fromMs, endMs, users: levels } of timesOf(plan)) {
    if (!levels) continue
    const steps = Math.abs(levels.to - levels.from)
    curve.change({ fromMs, levels, stepAtMs: (n) => ((n + 1) / steps) * (endMs - fromMs), spawnAtMs: spawn })
  }
  return curve
}

/** From an instant on another number of users: more of them come by the spawn rate, fewer are there at once. */
export function changeUsers(curve: UserCurve, to: { fromMs: number; users: number; spawnRate: number }): void {
  curve.change({ fromMs: to.fromMs, ...held(to.users), spawnAtMs: (n) => spawnAtMs(n, to.spawnRate) })
}

const held = (users: number): Pick<UserPiece, 'levels' | 'stepAtMs'> => ({
  levels: { from: users, to: users },
  stepAtMs: () => Number.POSITIVE_INFINITY,
})

/** The most users that a plan asks for at any time. */
export const mostUsers = ({ users, stages }: Pick<LoadPlan, 'users' | 'stages'>): number =>
  Math.max(users, ...stages.flatMap((stage) => (stage.users ? [stage.users.from, stage.users.to] : [])))

/** A stage of a plan in ms after the start of the run. */
export interface StageTimes {
  readonly fromMs: number
  readonly endMs: number
  readonly qps: Levels | null
  readonly users: Levels | null
}

/** When the stages of a plan begin and end: the first with the measured window. */
export function timesOf(plan: LoadPlan): StageTimes[] {
  let fromMs = measuredFromMs(plan)
  return plan.stages.map(({ durationS, qps, users }) => {
    const stage = { fromMs, endMs: exactMs(fromMs + durationS * 1000), qps, users }
    fromMs = stage.endMs
    return stage
  })
}

/** llm_bench's cap on how steep a ramp may be: users per second. */
const MOST_PER_S = 10

/**
 * When one user more may be busy, in ms after the start, as llm_bench's --ramping-time has it: one
 * user during the warm-up, then up to target(s) = min(g^s, 1 + 10 s) of them, g = users^(1 / timeS).
 * There are ceil(target) in truth, so the user number L is there once the target has passed L − 1.
 */
function rampingStep({ timeS, warmupS }: RampingPlan, users: number): (n: number) => number {
  const logGrowth = Math.log(users) / timeS
  return (n) => (n === 0 ? 0 : (warmupS + Math.max(Math.log(n) / logGrowth, (n - 1) / MOST_PER_S)) * 1000)
}
