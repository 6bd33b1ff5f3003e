import { hostname } from 'node:os'
import { type Clock, LoadError, type Log, messageOf, PROTOCOL_VERSION, type Timeline } from '@llmload/core'
import { httpClient } from './http/http-client.js'
import { measureClock } from './link/clock-sync.js'
import { DeltaSender } from './link/delta-sender.js'
import { type MasterAddress, MasterLink } from './link/master-link.js'
import { LoadRun } from './load/load-run.js'
import { WakeUp } from './load/wake-up.js'
import { RequestWatch } from './recording/request-watch.js'
import { warmUp } from './warm-up.js'
import { PromptSource } from './workload/prompt-source.js'

export interface WorkerOptions extends MasterAddress {
  readonly clock: Clock
  readonly log: Log
  /** Version of llmload; master and workers must have the same. */
  readonly version: string
  /** Aborted when this worker shall leave: it drains its own share and says so. */
  readonly leave: AbortSignal
  /** Told of every request before it is sent, and may put a tap on its timeline. */
  readonly onSending?: (timeline: Timeline) => void
}

/**
 * One worker, for one run: joins the master, prepares, loads, reports, leaves. Throws a LoadError
 * when the master turns it away or is lost, or when it cannot get ready.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const link = await MasterLink.connect(options, options.clock)
  try {
    link.send({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      version: options.version,
      host: hostname(),
      pid: process.pid,
    })
    const { workerId } = await link.expect('welcome')
    options.log.info({ workerId }, 'joined the master')
    await carryOut(link, options)
  } finally {
    link.close()
  }
}

async function carryOut(link: MasterLink, { clock, log, leave, onSending }: WorkerOptions): Promise<void> {
  const reading = await measureClock(link, clock)
  const prepared = await Promise.race([link.expect('prepare'), link.expect('bye'), farewell(leave)])
  if (prepared.type === 'bye') return
  const { plan, secrets, share, keep } = prepared
  const { prompts, client } = await prepare(link, async () => {
    const preparing = PromptSource.prepare({
      plan,
      secrets,
      firstIndex: share.index,
      step: share.count,
      onProgress: (done, total) => link.send({ type: 'preparing', done, total }),
      onNote: (message) => link.send({ type: 'note', message }),
    })
    const [prompts] = await Promise.all([preparing, warmUp(plan, clock)])
    return { prompts, client: httpClient({ plan, secrets, clock, keepText: prompts.countsTokens }) }
  })
  try {
    link.send({ type: 'ready', clock: reading, tokenizer: prompts.description, warnings: [...prompts.warnings] })
    const start = await Promise.race([link.expect('start'), link.expect('bye'), farewell(leave)])
    if (start.type === 'bye') return
    const startMs = start.startAtMs - reading.offsetMs
    const watch = keep.requests
      ? new RequestWatch({ keep, startMs, send: (message) => link.send(message), isFree: () => link.isFree })
      : null
    const run = new LoadRun({
      plan,
      share,
      clock,
      client,
      prompts,
      startMs,
      warn: (message) => link.send({ type: 'warning', message }),
      watch,
      ...(onSending && { onSending }),
    })
    await reached(clock, startMs, link.lost)
    link.send({ type: 'started', lateByMs: Math.max(0, clock.nowMs() - startMs) })
    const deltas = new DeltaSender({ link, run, clock, offsetMs: reading.offsetMs, watch })
    await load(link, run, leave).catch((error: unknown) => {
      deltas.finish()
      throw error
    })
    const lastSeq = deltas.finish()
    const lastSentMs = run.lastSentMs === null ? null : run.lastSentMs + reading.offsetMs
    link.send({ type: 'drained', lastSeq, lastSentMs, endedMs: run.endedMs + reading.offsetMs })
    await link.expect('bye')
    log.info({}, 'run over')
  } finally {
    await Promise.all([client.close(), prompts.close()])
  }
}

/** Before there is load, leaving is the same as being sent away. */
function farewell(leave: AbortSignal): Promise<{ type: 'bye' }> {
  return new Promise((resolve) => {
    if (leave.aborted) resolve({ type: 'bye' })
    leave.addEventListener('abort', () => resolve({ type: 'bye' }), { once: true })
  })
}

/** Runs the load until it is over; a lost master ends it at once, with an error. */
async function load(link: MasterLink, run: LoadRun, leave: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const cancel = new AbortController()
  void obey(link, stop, cancel)
  link.lost.addEventListener('abort', () => {
    stop.abort()
    cancel.abort()
  })
  await run.run(AbortSignal.any([stop.signal, leave]), cancel.signal)
  link.lost.throwIfAborted()
}

async function obey(link: MasterLink, stop: AbortController, cancel: AbortController): Promise<void> {
  try {
    for (;;) {
      const { now } = await link.expect('stop')
      stop.abort()
      if (now) cancel.abort()
    }
  } catch {
    // The link is lost or closed: `load` hears of it by link.lost.
  }
}

/** Tells the master why a preparation failed before the error goes on. */
async function prepare<T>(link: MasterLink, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    const { code, message, hint } =
      error instanceof LoadError
        ? error
        : new LoadError('INTERNAL', messageOf(error), 'this is a fault of llmload: please report it')
    link.send({ type: 'failed', code, message, hint })
    throw error
  }
}

function reached(clock: Clock, instantMs: number, lost: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wakeUp = new WakeUp(clock, resolve)
    lost.addEventListener('abort', () => {
      wakeUp.cancel()
      reject(lost.reason)
    })
    wakeUp.at(instantMs)
  })
}
