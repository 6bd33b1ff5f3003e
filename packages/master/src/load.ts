import { type Clock, type LoadPlan, type Log, SILENCE_LIMIT_MS } from '@llmload/core'
import type { EndCause, Ending } from './ending.js'
import type { Fleet } from './fleet.js'
import type { RunPhase } from './run-phase.js'
import type { RunTimes } from './run-window.js'

/** What a worker may need beyond the stop timeout to send its last report, and the master to notice one that cannot. */
const DRAIN_MARGIN_MS = SILENCE_LIMIT_MS + 5000

/** Workers that were told to cancel everything have nothing left to wait for. */
const CANCEL_LIMIT_MS = 5000

/** How often the fleet is looked at while the load goes on. */
const TEND_EVERY_MS = 250

export interface LoadDeps {
  readonly plan: LoadPlan
  readonly times: RunTimes
  readonly fleet: Fleet
  readonly phase: RunPhase
  readonly clock: Clock
  readonly log: Log
  readonly ending: Ending
  /** How long a worker that is away may take to come back. */
  readonly graceMs: number
  /** Requests sent in the measured window so far, over all workers. */
  readonly measuredSent: () => number
  readonly onAllSpawned: () => void
  readonly onWindowOpen: () => void
  /** Looks after the fleet: who joined, who is lost, who has to do what now. */
  readonly tend: () => void
}

/** What ended the sending: the clock, the workers themselves (all sent, or all lost), or one of the causes that end it early. */
export type LoadEnd = { readonly by: 'time' | 'workers' } | (EndCause & { readonly atMs: number })

/**
 * Follows the load from its start until every worker has drained or is lost. Workers know the plan
 * and act by themselves; the master only tells them of changes, and to stop early. Always ends in
 * bounded time after the sending has ended.
 */
export async function followLoad(deps: LoadDeps): Promise<LoadEnd> {
  const { fleet, log, phase, tend } = deps
  const timer = setInterval(() => phase.isLoading && tend(), TEND_EVERY_MS)
  try {
    const end = await sending(deps)
    phase.enter('draining')
    if (end.by === 'time') log.info({}, '--run-time limit reached, shutting down')
    else
      fleet.send(
        fleet.members.filter(({ isOver }) => !isOver),
        { type: 'stop', now: false },
      )
    sayWhyEnded(end, deps)
    await draining(deps)
    return end
  } finally {
    clearInterval(timer)
  }
}

function sayWhyEnded(end: LoadEnd, { log, plan: { stopTimeoutS } }: LoadDeps): void {
  switch (end.by) {
    case 'interrupted':
      return log.warn(
        {},
        `interrupted: no new requests; those in flight may finish within ${stopTimeoutS} s, interrupt again to cancel them`,
      )
    case 'stopped':
      return log.warn({}, `stopped: ${end.reason}`)
    case 'aborted':
      return log.error({}, `Test aborted: ${end.reason}`)
    case 'worker-lost':
      return log.error({}, `Test ended: ${end.reason}`)
  }
}

async function sending(deps: LoadDeps): Promise<LoadEnd> {
  const { plan, times, fleet, phase, clock, ending, measuredSent, onAllSpawned, onWindowOpen } = deps
  const allOver = (): boolean => fleet.participants.every(({ isOver }) => isOver)
  const allSent = (): boolean => plan.maxRequests !== null && measuredSent() >= plan.maxRequests
  const waitUntil = async (untilMs: number): Promise<LoadEnd | null> => {
    const end = await fleet.watch.until(() => allOver() || allSent(), { untilMs, signal: ending.signal })
    if (ending.cause !== null) return { ...ending.cause, atMs: clock.nowMs() }
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

/** Waits for the workers; those who do not come to an end are cancelled, then given up. One that is away has its grace time. */
async function draining({ plan, fleet, clock, log, ending: { now }, graceMs }: LoadDeps): Promise<void> {
  const allOver = (): boolean => fleet.participants.every(({ isOver }) => isOver)
  const hereOver = (): boolean => fleet.participants.every(({ isOver, presence }) => isOver || presence === 'away')
  const drainMs = plan.stopTimeoutS * 1000 + DRAIN_MARGIN_MS
  const end = await fleet.watch.until(allOver, { untilMs: clock.nowMs() + drainMs, signal: now })
  if (end === 'met') return
  if (!hereOver()) {
    const why = end === 'aborted' ? 'interrupted again' : 'workers are late'
    log.warn({}, `${why}: requests in flight are cancelled`)
    fleet.send(
      fleet.participants.filter(({ isOver }) => !isOver),
      { type: 'stop', now: true },
    )
    await fleet.watch.until(hereOver, {
      untilMs: clock.nowMs() + CANCEL_LIMIT_MS,
      signal: new AbortController().signal,
    })
    for (const member of fleet.participants)
      if (!member.isOver && member.isHere) fleet.giveUp(member, 'did not come to an end')
  }
  await fleet.watch.until(allOver, { untilMs: clock.nowMs() + graceMs, signal: now })
  for (const member of fleet.participants) if (!member.isOver) fleet.giveUp(member, 'did not come to an end')
}
