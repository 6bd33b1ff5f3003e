import { type Clock, HEARTBEAT_MS } from '@llmload/core'
import { PREPARE_LIMIT_MS } from './barrier.js'
import type { Fleet } from './fleet.js'
import type { WorkerState } from './worker-states.js'

interface Limit {
  readonly afterMs: number
  /** As the end of a sentence about the worker. */
  readonly how: string
}

/** What a worker that is there has to do next, and the time after which it will not do it any more. */
const LIMITS: { readonly [state in WorkerState]?: Limit } = {
  preparing: { afterMs: PREPARE_LIMIT_MS, how: `was not ready after ${PREPARE_LIMIT_MS / 1000} s` },
  ready: { afterMs: 10_000, how: 'did not start' },
  // Deltas come each second. Those of a worker that is so busy that they do not are late, not missing.
  running: { afterMs: 60 * HEARTBEAT_MS, how: 'sent heartbeats, but no report for 60 s' },
}

/** Gives those up who are there and say that they are, but do not get on. */
export function giveUpOverdue(fleet: Fleet, clock: Clock): void {
  for (const member of fleet.present) {
    const limit = member.isOver ? undefined : LIMITS[member.state]
    if (limit && clock.nowMs() > member.advancedAtMs + limit.afterMs) fleet.giveUp(member, limit.how)
  }
}
