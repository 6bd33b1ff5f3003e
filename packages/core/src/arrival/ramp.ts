import type { LoadPlan } from '../plan.js'

/**
 * When user `index` (from 0) starts, in milliseconds after the start of the run, as Locust
 * dispatches users: batches of max(1, floor(rate)) users, batch / rate seconds apart, the first at once.
 */
export function spawnAtMs(index: number, spawnRate: number): number {
  const batch = Math.max(1, Math.floor(spawnRate))
  return (Math.floor(index / batch) * batch * 1000) / spawnRate
}

/** When the last of `users` starts. */
export const allSpawnedAtMs = (users: number, spawnRate: number): number => spawnAtMs(users - 1, spawnRate)

/** When the measured window opens: after the last user has started, and the warm-up. */
export const measuredFromMs = (load: Pick<LoadPlan, 'users' | 'spawnRate' | 'warmupS'>): number =>
  allSpawnedAtMs(load.users, load.spawnRate) + load.warmupS * 1000
