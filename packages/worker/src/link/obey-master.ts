import type { Assignment, Clock } from '@llmload/core'
import type { LoadRun } from '../load/load-run.js'
import { WakeUp } from '../load/wake-up.js'
import type { MasterSession } from './master-session.js'

/** A master that is there gives a share to others within seconds; one that is away cannot. */
const HAND_OVER_LIMIT_MS = 10_000

export interface ObeyOptions {
  readonly run: Pick<LoadRun, 'assign' | 'changeLevel' | 'grantRequests' | 'leaseRenewed'>
  readonly clock: Clock
  /** Start of the run on this worker's clock. */
  readonly startMs: number
  readonly leave: AbortSignal
  readonly leaveNow: AbortSignal
}

/** When a load has to stop sending, and when to cancel what is in flight. */
export interface Orders {
  readonly stop: AbortSignal
  readonly cancel: AbortSignal
}

/**
 * Does what the master says while a load goes on: as its messages come, for a lease that they renew
 * must not be used before what they say about shares is known. A master that is gone for good ends
 * the load, and so does `leave`, once the share is handed over, or `leaveNow`, which does not wait for that.
 */
export function obeyMaster(session: MasterSession, { run, clock, startMs, leave, leaveNow }: ObeyOptions): Orders {
  const stop = new AbortController()
  const cancel = new AbortController()
  const handOver = new WakeUp(clock, () => stop.abort())
  session.onLeaseRenewed = (ranOutMs) => run.leaseRenewed(ranOutMs)
  session.handle('assign', ({ assignment }) => {
    run.assign(assignment)
    if (leave.aborted && !holdsShare(assignment)) handOver.at(startMs + assignment.fromMs)
  })
  session.handle('level', ({ change }) => run.changeLevel(change))
  session.handle('grant', ({ requests }) => run.grantRequests(requests))
  session.handle('stop', ({ now }) => {
    stop.abort()
    if (now) cancel.abort()
  })
  const onLeave = (): void => {
    session.send({ type: 'leaving' })
    handOver.at(clock.nowMs() + HAND_OVER_LIMIT_MS)
  }
  if (leave.aborted) onLeave()
  leave.addEventListener('abort', onLeave, { once: true })
  const cutOff = (): void => {
    stop.abort()
    cancel.abort()
  }
  for (const signal of [session.over, leaveNow]) signal.addEventListener('abort', cutOff)
  return { stop: stop.signal, cancel: cancel.signal }
}

const holdsShare = ({ share }: Assignment): boolean => share !== null
