import { type Clock, LoadError, type Log, type MasterMessage, messageOf, type Timeline } from '@llmload/core'
import { checkTarget } from './allowed-targets.js'
import { yieldHelperThreads } from './helper-threads.js'
import { httpClient } from './http/http-client.js'
import type { MasterAddress } from './link/connect-options.js'
import { DeltaSender } from './link/delta-sender.js'
import { MasterSession } from './link/master-session.js'
import { obeyMaster } from './link/obey-master.js'
import type { MessageOf } from './link/reception.js'
import { LoadRun } from './load/load-run.js'
import { WakeUp } from './load/wake-up.js'
import { RequestWatch } from './recording/request-watch.js'
import { warmUp } from './warm-up.js'
import { PromptSource } from './workload/prompt-source.js'

/** After its load a worker waits for the others, with a master that is there: for what the slowest may take, and more. */
const GOODBYE_LIMIT_MS = 300_000

export interface WorkerOptions extends MasterAddress {
  readonly clock: Clock
  readonly log: Log
  /** Version of llmload; master and workers must have the same. */
  readonly version: string
  /** How long to try for the first connection to the master. */
  readonly maxWaitMs: number
  /** Hosts that it may send load to, with or without a port; none = all that the master says. */
  readonly allowedTargets: readonly string[]
  /** Aborted when this worker shall leave: it hands its share over, lets what is in flight finish and says so. */
  readonly leave: AbortSignal
  /** Aborted when it shall wait for nothing any more: it cancels what is in flight, and says so. */
  readonly leaveNow: AbortSignal
  /** Told of every request before it is sent, and may put a tap on its timeline. */
  readonly onSending?: (timeline: Timeline) => void
}

/**
 * One worker, for one run: joins the master, prepares, loads, reports, leaves. Throws a LoadError
 * when the master turns it away or is gone for good, or when it cannot get ready.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { log, leave } = options
  yieldHelperThreads()
  const session = new MasterSession(options)
  try {
    const welcome = await Promise.race([session.expect('welcome'), farewell(leave)])
    if (welcome.type === 'bye') return
    log.info({ workerId: welcome.workerId }, 'joined the master')
    await carryOut(session, options)
  } finally {
    session.close()
  }
}

async function carryOut(session: MasterSession, options: WorkerOptions): Promise<void> {
  const { clock, leave } = options
  const measured = session.clock.measure()
  const prepared = await Promise.race([session.expect('prepare'), session.expect('bye'), farewell(leave)])
  if (prepared.type === 'bye') return
  // A session that ends before its clock is known has nobody who answers pings.
  const gone = await Promise.race([measured, session.expect('bye'), farewell(leave)])
  if (gone) return
  const { plan, secrets, share } = prepared
  const { prompts, client } = await prepare(session, async () => {
    checkTarget(plan.target.baseUrl, options.allowedTargets)
    const preparing = PromptSource.prepare({
      plan,
      secrets,
      share,
      onProgress: (done, total) => session.send({ type: 'preparing', done, total }),
      onNote: (message) => session.send({ type: 'note', message }),
    })
    const [prompts] = await Promise.all([preparing, warmUp(plan, clock)])
    return { prompts, client: httpClient({ plan, secrets, clock, keepText: prompts.countsTokens }) }
  })
  try {
    const { description: tokenizer, warnings } = prompts
    session.send({ type: 'ready', clock: session.clock.reading, tokenizer, warnings: [...warnings] })
    const start = await Promise.race([session.expect('start'), session.expect('bye'), farewell(leave)])
    if (start.type === 'start') await load(session, { prepared, start, prompts, client }, options)
  } finally {
    await Promise.all([client.close(), prompts.close()])
  }
}

interface Load {
  readonly prepared: MessageOf<'prepare'>
  readonly start: MessageOf<'start'>
  readonly prompts: PromptSource
  readonly client: ReturnType<typeof httpClient>
}

/** Loads until the plan, the master or the signal end it, and tells the master all of it. */
async function load(session: MasterSession, { prepared, start, ...means }: Load, options: WorkerOptions) {
  const { clock, log, leave, leaveNow, onSending } = options
  const { plan, keep } = prepared
  const { startAtMs, assignments, levels } = start
  const startMs = startAtMs - session.clock.offsetMs
  const watch = keep.requests
    ? new RequestWatch({ keep, startMs, send: (message) => session.send(message), isFree: () => session.isFree })
    : null
  const run = new LoadRun({
    ...{ plan, assignments, levels, clock, startMs, watch, ...means },
    mayLoadUntilMs: () => session.mayLoadUntilMs,
    warn: (message) => session.send({ type: 'warning', message }),
    ...(onSending && { onSending }),
  })
  const orders = obeyMaster(session, { run, clock, startMs, leave, leaveNow })
  await reached(clock, startMs, session.over)
  const isFromStart = assignments.length > 0
  session.send({ type: 'started', lateByMs: isFromStart ? Math.max(0, clock.nowMs() - startMs) : 0 })
  session.clock.keepMeasuring((reading) => session.send({ type: 'clock', clock: reading }))
  const deltas = new DeltaSender({ session, run, clock, watch })
  try {
    await run.run(orders.stop, orders.cancel)
    session.over.throwIfAborted()
  } catch (error) {
    deltas.abandon()
    throw error
  }
  const lastSeq = deltas.finish()
  const { offsetMs } = session.clock
  const lastSentMs = run.lastSentMs === null ? null : run.lastSentMs + offsetMs
  session.send({ type: 'drained', lastSeq, lastSentMs, endedMs: run.endedMs + offsetMs })
  await session.flushed()
  await goodbye(session, leave)
  log.info({}, 'run over')
}

/** All is said and heard: a master that is gone now does not matter any more, and one that is there need not say so. */
async function goodbye(session: MasterSession, leave: AbortSignal): Promise<void> {
  let patience: NodeJS.Timeout | undefined
  const impatient = new Promise<void>((resolve) => {
    patience = setTimeout(resolve, GOODBYE_LIMIT_MS)
  })
  await Promise.race([session.expect('bye'), session.parted(), farewell(leave), impatient]).catch(() => {})
  clearTimeout(patience)
}

/** Before there is load, and after it, leaving is the same as being sent away. */
function farewell(leave: AbortSignal): Promise<Extract<MasterMessage, { type: 'bye' }>> {
  return new Promise((resolve) => {
    if (leave.aborted) resolve({ type: 'bye' })
    leave.addEventListener('abort', () => resolve({ type: 'bye' }), { once: true })
  })
}

/** Tells the master why a preparation failed before the error goes on. */
async function prepare<T>(session: MasterSession, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    const { code, message, hint } =
      error instanceof LoadError
        ? error
        : new LoadError('INTERNAL', messageOf(error), 'this is a fault of llmload: please report it')
    session.send({ type: 'failed', code, message, hint })
    throw error
  }
}

function reached(clock: Clock, instantMs: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wakeUp = new WakeUp(clock, resolve)
    over.addEventListener('abort', () => {
      wakeUp.cancel()
      reject(over.reason)
    })
    wakeUp.at(instantMs)
  })
}
