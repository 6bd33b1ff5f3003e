import { type Clock, type LoadPlan, type Log, SILENCE_LIMIT_MS } from '@llmload/core'
import type { Fleet } from './fleet.js'
import { isOver } from './member.js'
import type { RunPhase } from './run-phase.js'
import type { RunTimes } from './run-window.js'

/** What a worker may need beyond the stop timeout to send its last report, and the master to notice one that cannot. */
const DRAIN_MARGIN_MS = SILENCE_LIMIT_MS + 5000

/** Workers that were told to cancel everything have nothing left to wait for. */
const CANCEL_LIMIT_MS = 5000

export interface LoadDeps {
  readonly plan: LoadPlan
  readonly times: RunTimes
  readonly fleet: Fleet
  readonly phase: RunPhase
  readonly clock: Clock
  readonly log: Log
  /** Requests sent in the measured window so far, over all workers. */
  readonly measuredSent: () => number
  readonly onAllSpawned: () => void
  readonly onWindowOpen: () => void
  /** First Ctrl-C: no new requests. */
  readonly drain: AbortSignal
  /** Second Ctrl-C: cancel those in flight. */
  readonly now: AbortSignal
}

/** What ended the sending: the clock, the user, or the workers themselves (all sent, or all lost). */
export type LoadEnd = { readonly by: 'time' | 'workers' } | { readonly by: 'interrupt'; readonly atMs: number }

/**
 * Follows the load from its start until every worker has drained or is lost. Workers know the plan
 * and act by themselves; the master only tells them to stop early. Always ends in bounded time
 * after the sending has ended.
 */
export async function followLoad(deps: LoadDeps): Promise<LoadEnd> {
  const end = await sending(deps)
  deps.phase.enter('draining')
  if (end.by === 'interrupt') {
    const { stopTimeoutS } = deps.plan
    deps.log.warn(
      {},
      `interrupted: no new requests; those in flight may finish within ${stopTimeoutS} s, interrupt again to cancel them`,
    )
    deps.fleet.send(deps.fleet.participants, { type: 'stop', now: false })
  }
  if (end.by === 'time') deps.log.info({}, '--run-time limit reached, shutting down')
  await draining(deps)
  return end
}

async function sending({
  plan,
  times,
  fleet,
  phase,
  clock,
  drain,
  measuredSent,
  onAllSpawned,
  onWindowOpen,
}: LoadDeps): Promise<LoadEnd> {
  const allOver = (): boolean => fleet.participants.every(isOver)
  const allSent = (): boolean => plan.maxRequests !== null && measuredSent() >= plan.maxRequests
  const waitUntil = async (untilMs: number): Promise<LoadEnd | null> => {
    const end = await fleet.watch.until(() => allOver() || allSent(), { untilMs, signal: drain })
    if (end === 'aborted') return { by: 'interrupt', atMs: clock.nowMs() }
    return end === 'met' ? { by: 'workers' } : null
  }
  const beforeStart = await waitUntil(times.startAtMs)
  if (beforeStart) return beforeStart
  phase.enter('ramping')
  const inRamp = await waitUntil(times.spawnedAtMs)
  if (inRamp) return inRamp
  onAllSpawned()
  if (times.measuredFromMs > times.spawnedAtMs) {
    phase.enter('warming')
    const inWarmup = await waitUntil(times.measuredFromMs)
    if (inWarmup) return inWarmup
  }
  phase.enter('measuring')
  onWindowOpen()
  return (await waitUntil(times.endAtMs)) ?? { by: 'time' }
}

/** Waits for the workers; those who do not come to an end are cancelled, then given up. */
async function draining({ plan, fleet, clock, log, now }: LoadDeps): Promise<void> {
  const allOver = (): boolean => fleet.participants.every(isOver)
  const untilMs = clock.nowMs() + plan.stopTimeoutS * 1000 + DRAIN_MARGIN_MS
  const end = await fleet.watch.until(allOver, { untilMs, signal: now })
  if (end === 'met') return
  log.warn(
    {},
    end === 'aborted'
      ? 'interrupted again: requests in flight are cancelled'
      : 'workers are late: requests in flight are cancelled',
  )
  fleet.send(fleet.participants, { type: 'stop', now: true })
  const ended = await fleet.watch.until(allOver, {
    untilMs: clock.nowMs() + CANCEL_LIMIT_MS,
    signal: new AbortController().signal,
  })
  if (ended === 'met') return
  for (const { drained, session } of fleet.participants) if (!drained) session.giveUp('did not come to an end')
}
