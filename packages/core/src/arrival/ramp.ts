import type { LoadPlan } from '../plan.js'
import { exactMs } from './instant.js'

/**
 * When user `index` (from 0) starts, in milliseconds after the start of the run, as Locust
 * dispatches users: batches of max(1, floor(rate)) users, batch / rate seconds apart, the first at once.
 */
export function spawnAtMs(index: number, spawnRate: number): number {
  const batch = Math.max(1, Math.floor(spawnRate))
  return exactMs((Math.floor(index / batch) * batch * 1000) / spawnRate)
}

/** When all users are there, and the ramp is over. The one of `--ramping-time` is a load to be measured, no preparation. */
export const allSpawnedAtMs = ({
  users,
  spawnRate,
  ramping,
}: Pick<LoadPlan, 'users' | 'spawnRate' | 'ramping'>): number => (ramping ? 0 : spawnAtMs(users - 1, spawnRate))

/** When the measured window opens: after the last user has started, and the warm-up. */
export const measuredFromMs = (load: Pick<LoadPlan, 'users' | 'spawnRate' | 'ramping' | 'warmupS'>): number =>
  exactMs(allSpawnedAtMs(load) + load.warmupS * 1000)

/** When it closes, as far as the plan says; Infinity = it does not say. */
export const measuredUntilMs = (
  load: Pick<LoadPlan, 'users' | 'spawnRate' | 'ramping' | 'warmupS' | 'runTimeS'>,
): number => (load.runTimeS === null ? Number.POSITIVE_INFINITY : exactMs(measuredFromMs(load) + load.runTimeS * 1000))
