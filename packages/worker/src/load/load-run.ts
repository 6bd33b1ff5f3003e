import {
  allSpawnedAtMs,
  type Clock,
  measuredFromMs,
  type Plan,
  type RequestPhase,
  requestPath,
  startOf,
  Timeline,
  type WorkerShare,
} from '@llmload/core'
import type { HttpClient, Inflight } from '../http/client.js'
import { Recorder } from '../recording/recorder.js'
import type { RequestWatch } from '../recording/request-watch.js'
import type { PreparedPrompt, PromptSource } from '../workload/prompt-source.js'
import { LateWarning } from './late-warning.js'
import { OpenLoop } from './open-loop.js'
import { readyAtMs, usersOf } from './users.js'
import { WakeUp } from './wake-up.js'

export interface LoadRunOptions {
  readonly plan: Plan
  readonly share: WorkerShare
  readonly clock: Clock
  readonly client: HttpClient
  readonly prompts: PromptSource
  /** Start of the run on this worker's clock. */
  readonly startMs: number
  /** Tells the master something that its user should know. */
  readonly warn: (message: string) => void
  /** Told of every single request; null = only totals are wanted. */
  readonly watch: RequestWatch | null
  /** Told of every request before it is sent. */
  readonly onSending?: (timeline: Timeline) => void
}

/**
 * One worker's part of a run: starts its users, sends their requests until the end, then lets
 * what is in flight finish. Loads nothing before `run` and nothing after its promise resolves.
 */
export class LoadRun {
  readonly recorder: Recorder
  readonly #options: LoadRunOptions
  readonly #spawnedAtMs: number
  readonly #measuredFromMs: number
  readonly #windowEndMs: number
  readonly #quota: number
  readonly #inflight = new Set<Inflight>()
  readonly #openLoop: OpenLoop | null
  readonly #lateWarning: LateWarning
  readonly #wakeUps: WakeUp[] = []
  #users = 0
  #measuredSent = 0
  #lastSentMs: number | null = null
  #endedMs: number
  /** Requests that hold a user: waiting for their prompt, in flight, or being counted. */
  #busy = 0
  #stopped = false
  #idle: () => void = () => {}
  #quotaSent: () => void = () => {}
  #fail: (reason: unknown) => void = () => {}

  constructor(options: LoadRunOptions) {
    const { plan, share, clock, startMs } = options
    this.#options = options
    this.#endedMs = startMs
    this.#spawnedAtMs = startMs + allSpawnedAtMs(plan.load.users, plan.load.spawnRate)
    this.#measuredFromMs = startMs + measuredFromMs(plan.load)
    this.#windowEndMs = this.#measuredFromMs + (plan.load.runTimeS ?? Number.POSITIVE_INFINITY) * 1000
    this.#quota = quotaOf(plan.load.maxRequests, share)
    this.recorder = new Recorder({
      clock,
      stream: plan.target.stream,
      path: requestPath(plan.target),
      measuredFromMs: this.#measuredFromMs,
    })
    this.#lateWarning = new LateWarning(clock, options.warn)
    this.#openLoop = this.#makeOpenLoop()
  }

  get users(): number {
    return this.#users
  }

  get inFlight(): number {
    return this.#inflight.size
  }

  /** When the last request was sent; null if none was. */
  get lastSentMs(): number | null {
    return this.#lastSentMs
  }

  /** When the last request was over; the start of the run if there was none. */
  get endedMs(): number {
    return this.#endedMs
  }

  /**
   * Resolves when the window is over, the quota is sent or `stop` is aborted, and all that was in
   * flight has finished, failed or been cancelled. Aborting `cancel` cancels it at once.
   */
  run(stop: AbortSignal, cancel: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject
      this.#carryOut(stop, cancel).then(resolve, reject)
    })
  }

  async #carryOut(stop: AbortSignal, cancel: AbortSignal): Promise<void> {
    this.#startUsers()
    await this.#endOfSending(stop)
    this.#stopSending()
    await this.#drain(cancel)
  }

  #startUsers(): void {
    const { plan, share, startMs } = this.#options
    for (const user of usersOf(share, plan.load.users)) {
      this.#at(startMs + readyAtMs(user, plan.load, plan.seed), () => {
        this.#users++
        if (this.#openLoop) this.#openLoop.userStarted()
        else this.#send(Number.NaN)
      })
    }
  }

  #userFree(): void {
    if (this.#stopped) return
    if (this.#openLoop) this.#openLoop.userFree()
    else this.#send(Number.NaN)
  }

  #send(intendedMs: number): void {
    this.#busy++
    const prompt = this.#options.prompts.take()
    if (prompt) this.#dispatch(prompt, intendedMs)
    else this.#options.prompts.next().then((late) => this.#dispatch(late, intendedMs), this.#fail)
  }

  #dispatch(prompt: PreparedPrompt, intendedMs: number): void {
    if (this.#measuredSent >= this.#quota) return this.#over()
    if (this.#stopped || this.#options.clock.nowMs() >= this.#windowEndMs) {
      if (intendedMs >= this.#measuredFromMs && intendedMs < this.#windowEndMs) this.#unsent(intendedMs)
      return this.#over()
    }
    const timeline = new Timeline(prompt.index, prompt.promptTokens)
    timeline.intendedMs = intendedMs
    this.#options.watch?.sending(timeline)
    this.#options.onSending?.(timeline)
    const inflight = this.#options.client.send({ body: prompt.body }, timeline, () => {
      this.#inflight.delete(inflight)
      this.#finish(timeline).catch(this.#fail)
    })
    this.#inflight.add(inflight)
    this.recorder.sent(timeline)
    this.#lastSentMs = timeline.sentMs
    if (this.#phaseOf(timeline) === 'measured' && ++this.#measuredSent >= this.#quota) this.#quotaSent()
  }

  async #finish(timeline: Timeline): Promise<void> {
    this.#endedMs = Math.max(this.#endedMs, timeline.endMs)
    this.#userFree()
    const counting = timeline.text ? this.#options.prompts.countTokens(timeline.text) : null
    const tokenizerTokens = counting && (await counting)
    this.recorder.finished(timeline, tokenizerTokens)
    this.#options.watch?.finished(timeline, this.#phaseOf(timeline), tokenizerTokens)
    this.#over()
  }

  #phaseOf(timeline: Timeline): RequestPhase {
    const atMs = startOf(timeline)
    if (atMs >= this.#measuredFromMs) return 'measured'
    return atMs >= this.#spawnedAtMs ? 'warmup' : 'ramp'
  }

  #over(): void {
    if (--this.#busy === 0) this.#idle()
  }

  /** Resolves at the end of the window, when the quota is sent, or when stopped. */
  #endOfSending(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#quotaSent = resolve
      if (this.#quota === 0 || stop.aborted) resolve()
      stop.addEventListener('abort', () => resolve(), { once: true })
      this.#at(this.#windowEndMs, resolve)
    })
  }

  #stopSending(): void {
    this.#stopped = true
    for (const wakeUp of this.#wakeUps) wakeUp.cancel()
    this.#openLoop?.stop()
    if (this.#measuredSent >= this.#quota) return
    const endMs = Math.min(this.#windowEndMs, this.#options.clock.nowMs())
    for (const intendedMs of this.#openLoop?.takeUnsent(this.#measuredFromMs, endMs) ?? []) this.#unsent(intendedMs)
  }

  #unsent(intendedMs: number): void {
    this.recorder.unsent(intendedMs, Math.min(this.#windowEndMs, this.#options.clock.nowMs()))
  }

  #drain(cancel: AbortSignal): Promise<void> {
    const cancelAll = () => {
      for (const inflight of [...this.#inflight]) inflight.cancel()
    }
    return new Promise((resolve) => {
      const timer = setTimeout(cancelAll, this.#options.plan.load.stopTimeoutS * 1000)
      cancel.addEventListener('abort', cancelAll, { once: true })
      this.#idle = () => {
        clearTimeout(timer)
        cancel.removeEventListener('abort', cancelAll)
        resolve()
      }
      if (cancel.aborted || this.#options.plan.load.stopTimeoutS === 0) cancelAll()
      if (this.#busy === 0) this.#idle()
    })
  }

  #makeOpenLoop(): OpenLoop | null {
    const { plan, share, clock, startMs } = this.#options
    if (plan.load.qps === null) return null
    return new OpenLoop({
      clock,
      process: { seed: plan.seed, qps: plan.load.qps, distribution: plan.load.qpsDistribution },
      stripe: { first: share.index, step: share.count },
      startMs,
      send: (intendedMs, late) => {
        if (late) this.#late(intendedMs)
        this.#send(intendedMs)
      },
    })
  }

  #late(intendedMs: number): void {
    const nowMs = this.#options.clock.nowMs()
    this.recorder.late(intendedMs)
    this.#lateWarning.late(nowMs - intendedMs)
  }

  #at(instantMs: number, action: () => void): void {
    const wakeUp = new WakeUp(this.#options.clock, action)
    this.#wakeUps.push(wakeUp)
    wakeUp.at(instantMs)
  }
}

/** Requests of the measured window that a worker may send: its part of an exact total. */
function quotaOf(maxRequests: number | null, share: WorkerShare): number {
  if (maxRequests === null) return Number.POSITIVE_INFINITY
  return Math.max(0, Math.ceil((maxRequests - share.index) / share.count))
}
