import {
  type Clock,
  ERROR_CODES,
  type ErrorCode,
  type Keep,
  LoadError,
  type LoadPlan,
  type Log,
  type MasterMessage,
  mostUsers,
  type Plan,
  quotaOf,
  type Secrets,
} from '@llmload/core'
import { inLocustsOrder, worstErrorMs } from './deal.js'
import type { Fleet } from './fleet.js'
import type { Member } from './member.js'
import { describeEnd, hasFailed, type ProcessWatch } from './worker-processes.js'

/** Processes that were started on this host have joined by then, or never will. */
const LOCAL_JOIN_LIMIT_MS = 30_000

/** A tokenizer may have to be downloaded; what takes longer is stuck. */
export const PREPARE_LIMIT_MS = 600_000
const PREPARE_LOG_EVERY_MS = 5000

/** Locust says who is missing at debug level for so long, then at info. */
const QUIET_WAIT_MS = 5000
const WAIT_LOG_EVERY_MS = 1000

/** The start is at least so far ahead … */
const LEAST_NOTICE_MS = 300
/** … and so many times the slowest round trip, so that the message is there long before. */
const NOTICE_ROUND_TRIPS = 4
/** A worker that says it needs more than that is wrong about its clock. */
const MOST_NOTICE_MS = 10_000

type PrepareMessage = Extract<MasterMessage, { type: 'prepare' }>

export interface BarrierDeps {
  readonly fleet: Fleet
  readonly processes: ProcessWatch
  readonly clock: Clock
  readonly log: Log
  /** Ctrl-C: the wait rejects with its reason. */
  readonly signal: AbortSignal
}

/**
 * Waits until `count` workers have joined. Throws PREPARE_FAILED when a process of this host ends
 * instead, BARRIER_TIMEOUT after `maxWaitS`; null = for ever, unless all are processes of this host.
 */
export async function gather(count: number, maxWaitS: number | null, deps: BarrierDeps): Promise<void> {
  const { fleet, processes, clock, log, signal } = deps
  const startMs = clock.nowMs()
  const localLimitMs = processes.count >= count ? LOCAL_JOIN_LIMIT_MS : Number.POSITIVE_INFINITY
  const limitMs = maxWaitS === null ? localLimitMs : maxWaitS * 1000
  for (;;) {
    const waitedMs = clock.nowMs() - startMs
    const untilMs = startMs + Math.min(waitedMs + WAIT_LOG_EVERY_MS, limitMs)
    await fleet.watch.until(() => fleet.present.length >= count || processes.end !== null, { untilMs, signal })
    if (fleet.present.length >= count) return
    signal.throwIfAborted()
    if (processes.end) throw endedTooSoon('a worker process', describeEnd(processes.end))
    if (clock.nowMs() >= startMs + limitMs) throw tooFewJoined(fleet.present, count, limitMs)
    const level = clock.nowMs() - startMs < QUIET_WAIT_MS ? 'debug' : 'info'
    log[level]({}, `Waiting for workers to be ready, ${fleet.present.length} of ${count} connected`)
  }
}

/**
 * Gives everyone who is there a share of the load, as far as there are users. Who has none may go, unless
 * there will be more users in a later stage: then it waits, as one does who joins late.
 */
export function share(plan: LoadPlan, { fleet, log }: Pick<BarrierDeps, 'fleet' | 'log'>): void {
  const { users, maxRequests } = plan
  const workers = inLocustsOrder(fleet.present)
  const count = Math.min(workers.length, users)
  for (const [index, worker] of workers.slice(0, count).entries()) {
    worker.assignments.push({ epoch: 0, fromMs: 0, share: { index, count } })
    worker.quota = quotaOf({ index, count }, maxRequests)
  }
  // Requests that are dealt out at the start leave none for those who wait.
  const most = maxRequests === null ? mostUsers(plan) : users
  for (const worker of workers.slice(most)) {
    const reason = `the run has ${most} users for ${workers.length} workers: nothing to do for this one`
    log.info({ workerId: worker.id }, `worker ${worker.id} leaves: ${reason}`)
    fleet.dismiss(worker, reason)
  }
}

/** Sends the plan and waits until everyone is ready. Throws what a worker could not do, PREPARE_FAILED or BARRIER_TIMEOUT. */
export async function prepare(
  { plan, secrets, keep }: { plan: Plan; secrets: Secrets; keep: Keep },
  deps: BarrierDeps,
): Promise<void> {
  const { fleet, processes, clock, log, signal } = deps
  const { participants } = fleet
  for (const member of participants) {
    const share = member.assignments[0]?.share
    if (share) sendPlan(member, { plan, secrets, keep, share }, clock)
  }
  const isReady = (): boolean => participants.every(({ state }) => state === 'ready')
  const isStuck = (): boolean => participants.some(({ failure, isOver }) => failure ?? isOver) || childFailed(processes)
  const untilMs = clock.nowMs() + PREPARE_LIMIT_MS
  for (;;) {
    const nextLogMs = Math.min(clock.nowMs() + PREPARE_LOG_EVERY_MS, untilMs)
    const end = await fleet.watch.until(() => isStuck() || isReady(), { untilMs: nextLogMs, signal })
    signal.throwIfAborted()
    if (isStuck()) throw await whatFailed(participants, processes)
    if (end === 'met') return
    if (clock.nowMs() >= untilMs) throw notReady(participants)
    log.info({}, `Workers prepare: ${unready(participants)}`)
  }
}

/** Fixes the start and tells it to everyone; returns it, on the master's clock. */
export function start({ fleet, clock }: Pick<BarrierDeps, 'fleet' | 'clock'>): number {
  const { participants } = fleet
  const noticeMs = Math.max(LEAST_NOTICE_MS, NOTICE_ROUND_TRIPS * 2 * worstErrorMs(participants))
  const startAtMs = clock.nowMs() + Math.min(noticeMs, MOST_NOTICE_MS)
  for (const member of participants) {
    member.send({ type: 'start', startAtMs, assignments: [...member.assignments], levels: [] })
    member.advancedAtMs = startAtMs
    member.isTold = true
  }
  return startAtMs
}

/** Sends a worker what it needs to prepare. */
export function sendPlan(member: Member, prepare: Omit<PrepareMessage, 'type'>, clock: Clock): void {
  member.state = 'preparing'
  member.advancedAtMs = clock.nowMs()
  member.send({ type: 'prepare', ...prepare })
}

const childFailed = ({ end }: ProcessWatch): boolean => end !== null && hasFailed(end)

async function whatFailed(participants: readonly Member[], processes: ProcessWatch): Promise<LoadError> {
  for (const { id, failure } of participants) {
    if (failure) return new LoadError(errorCode(failure.code), `worker ${id}: ${failure.message}`, failure.hint)
  }
  const lost = participants.find(({ gone }) => gone !== null)
  const end = await processes.failed()
  const who = lost ? `worker ${lost.id}` : 'a worker process'
  return endedTooSoon(who, [lost?.gone ? `it ${lost.gone.how}` : [], end ? describeEnd(end) : []].flat().join(', '))
}

/** The code that a worker gave, or the general one if this master does not know it. */
function errorCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'PREPARE_FAILED'
}

function endedTooSoon(who: string, how: string): LoadError {
  return new LoadError(
    'PREPARE_FAILED',
    `${who} was lost before the run began: ${how}`,
    'look at its log; --loglevel DEBUG says more',
  )
}

function tooFewJoined(present: readonly Member[], count: number, limitMs: number): LoadError {
  const here = present.length === 0 ? '' : ` (${present.map(({ id }) => id).join(', ')})`
  return new LoadError(
    'BARRIER_TIMEOUT',
    `gave up waiting for workers to connect: ${present.length} of ${count} came within ${limitMs / 1000} s${here}`,
    'start the missing workers, check --master-host and the token there, or raise --expect-workers-max-wait',
  )
}

function notReady(participants: readonly Member[]): LoadError {
  return new LoadError(
    'BARRIER_TIMEOUT',
    `not ready after ${PREPARE_LIMIT_MS / 1000} s: ${unready(participants)}`,
    'look at the log of these workers; a tokenizer that is on their disk already needs no download',
  )
}

/** Who is not ready yet, and how far they have got. */
function unready(participants: readonly Member[]): string {
  const missing = participants.filter(({ state }) => state !== 'ready')
  return missing.map(({ id, progress }) => (progress ? `${id} (${progress.done} of ${progress.total})` : id)).join(', ')
}
