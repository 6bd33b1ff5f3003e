import type { Levels, LoadPlan } from '../plan.js'
import { rateCurveOf, type StageTimes, timesOf } from './load-profile.js'

/** How much load is asked for. */
export interface Level {
  /** Arrivals per second over all workers; null in a closed loop. */
  readonly qps: number | null
  /** Users over all workers. */
  readonly users: number
}

/** The level that a plan asks for at an instant, in ms after the start: users that are still to be spawned are asked for. */
export function levelAt(plan: LoadPlan, ms: number): Level {
  const stage = timesOf(plan).findLast(({ fromMs, users }) => users !== null && fromMs <= ms)
  return {
    qps: rateCurveOf(plan)?.rateAt(ms) ?? null,
    users: stage?.users ? Math.round(within(stage, stage.users, ms)) : plan.users,
  }
}

function within({ fromMs, endMs }: StageTimes, { from, to }: Levels, ms: number): number {
  return from + (to - from) * Math.min((ms - fromMs) / (endMs - fromMs), 1)
}
