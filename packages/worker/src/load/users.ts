import { spawnAtMs, uniformAt, type WorkerShare } from '@llmload/core'

/** Spread of the first requests of a closed loop, as llm_bench spreads them. */
const FIRST_REQUEST_WITHIN_MS = 1000

/** The users of one worker: of the global users 0 … users − 1 those that fall to its share, in the order of their start. */
export function usersOf(share: WorkerShare, users: number): number[] {
  const own: number[] = []
  for (let user = share.index; user < users; user += share.count) own.push(user)
  return own
}

/** When a user is ready for its first request, in ms after the start of the run. */
export function readyAtMs(user: number, load: { spawnRate: number; qps: number | null }, seed: number): number {
  const spawnMs = spawnAtMs(user, load.spawnRate)
  return load.qps === null ? spawnMs + uniformAt(seed, 'first-request', user) * FIRST_REQUEST_WITHIN_MS : spawnMs
}
