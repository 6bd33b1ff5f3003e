import {
  type Assignment,
  allSpawnedAtMs,
  type Clock,
  changeUsers,
  countOf,
  type LevelChange,
  measuredFromMs,
  OwnArrivals,
  type Plan,
  type RateCurve,
  type RequestPhase,
  rateCurveOf,
  requestPath,
  Shares,
  startOf,
  Timeline,
  timesOf,
  type UserCurve,
  userCurveOf,
} from '@llmload/core'
import type { HttpClient, Inflight } from '../http/client.js'
import { Recorder } from '../recording/recorder.js'
import type { RequestWatch } from '../recording/request-watch.js'
import type { PreparedPrompt, PromptSource } from '../workload/prompt-source.js'
import { ClosedLoop } from './closed-loop.js'
import { LateWarning } from './late-warning.js'
import type { Admission, Loop, LoopOptions } from './loop.js'
import { OpenLoop } from './open-loop.js'
import { Quota } from './quota.js'
import { UserPool } from './user-pool.js'
import { WakeUp } from './wake-up.js'

export interface LoadRunOptions {
  readonly plan: Plan
  /** The shares of this worker that are known at the start. */
  readonly assignments: readonly Assignment[]
  /** Changes of the level that were made so far. */
  readonly levels: readonly LevelChange[]
  readonly clock: Clock
  readonly client: HttpClient
  readonly prompts: PromptSource
  /** Start of the run on this worker's clock. */
  readonly startMs: number
  /** Until when this worker may send requests, as far as it knows now, on its clock. */
  readonly mayLoadUntilMs: () => number
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
  readonly #shares: Shares
  readonly #rate: RateCurve | null
  readonly #userCurve: UserCurve
  readonly #quota: Quota
  readonly #loop: Loop
  readonly #users: UserPool
  readonly #inflight = new Set<Inflight>()
  readonly #lateWarning: LateWarning
  #lastSentMs: number | null = null
  #endedMs: number
  /** Requests that hold a user: waiting for their prompt, in flight, or being counted. */
  #busy = 0
  #stopped = false
  #idle: () => void = () => {}
  #fail: (reason: unknown) => void = () => {}
  /** Since when this worker was not allowed to load; null = it is, or nothing was due since. */
  #lapsedMs: number | null = null
  #settle: () => void = () => {}

  constructor(options: LoadRunOptions) {
    const { plan, assignments, levels, clock, startMs } = options
    this.#options = options
    this.#endedMs = startMs
    this.#spawnedAtMs = startMs + allSpawnedAtMs(plan.load)
    this.#measuredFromMs = startMs + measuredFromMs(plan.load)
    this.#windowEndMs = this.#measuredFromMs + (plan.load.runTimeS ?? Number.POSITIVE_INFINITY) * 1000
    this.#shares = new Shares(assignments)
    this.#rate = rateCurveOf(plan.load)
    this.#userCurve = userCurveOf(plan.load)
    for (const change of levels) this.#changeCurves(change)
    const { maxRequests } = plan.load
    this.#quota = new Quota(
      maxRequests === null ? Number.POSITIVE_INFINITY : countOf(this.#shares.at(0)?.share ?? null, maxRequests),
    )
    this.recorder = new Recorder({
      clock,
      stream: plan.target.stream,
      path: requestPath(plan.target),
      measuredFromMs: this.#measuredFromMs,
      stagesFromMs: timesOf(plan.load).map(({ fromMs }) => startMs + fromMs),
      warn: options.warn,
    })
    this.#lateWarning = new LateWarning(clock, options.warn)
    this.#loop = this.#makeLoop(this.#rate)
    this.#users = new UserPool({
      ...{ clock, startMs, curve: this.#userCurve, shares: this.#shares },
      started: (user) => this.#loop.userStarted(user),
      retired: () => this.#loop.userRetires(),
      reshared: () => this.#reshared(),
    })
  }

  get users(): number {
    return this.#users.count
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

  /** Another share of the load, from its instant on; from now on where that has passed. */
  assign(assignment: Assignment): void {
    this.#shares.add(assignment)
    this.#reshared()
    this.#lookAtUsers()
  }

  /** Another level of the load, from its instant on; from now on where that has passed. */
  changeLevel(change: LevelChange): void {
    this.#changeCurves(change)
    this.#loop.changed()
    this.#lookAtUsers()
  }

  /** More of --max-requests. */
  grantRequests(requests: number): void {
    this.#quota.grant(requests)
    this.#loop.resume()
  }

  /** `mayLoadUntilMs` had passed, and lies ahead again. */
  leaseRenewed(): void {
    if (this.#lapsedMs !== null) this.#loop.lapsed(this.#lapsedMs, this.#options.clock.nowMs())
    this.#lapsedMs = null
    this.#loop.resume()
    this.#settle()
  }

  /**
   * Resolves when the window is over or `stop` is aborted, and all that was in flight has finished, failed or
   * been cancelled. Aborting `cancel` cancels it at once. A quota that is used up is no end: there may be more.
   */
  run(stop: AbortSignal, cancel: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject
      this.#carryOut(stop, cancel).then(resolve, reject)
    })
  }

  async #carryOut(stop: AbortSignal, cancel: AbortSignal): Promise<void> {
    this.#users.look()
    await this.#endOfSending(stop)
    this.#stopSending()
    const endMs = this.#options.clock.nowMs()
    await this.#drain(cancel)
    await this.#settled(cancel)
    this.#countUnsent(endMs)
  }

  #changeCurves({ fromMs, qps, users }: LevelChange): void {
    if (qps !== null) this.#rate?.change(fromMs, qps)
    changeUsers(this.#userCurve, { fromMs, users, spawnRate: this.#options.plan.load.spawnRate })
  }

  #reshared(): void {
    if (this.#stopped) return
    this.#loop.changed()
    this.#options.prompts.follow(this.#loop.ahead())
  }

  #lookAtUsers(): void {
    const { clock, startMs } = this.#options
    if (!this.#stopped && clock.nowMs() >= startMs) this.#users.look()
  }

  #admission(): Admission {
    if (this.#quota.isUsedUp) return 'skip'
    if (this.#mayLoad) return 'send'
    this.#lapsedMs ??= this.#options.mayLoadUntilMs()
    return 'wait'
  }

  get #mayLoad(): boolean {
    const { clock, mayLoadUntilMs } = this.#options
    return clock.nowMs() < mayLoadUntilMs()
  }

  #makeLoop(rate: RateCurve | null): Loop {
    const { plan, clock, startMs } = this.#options
    const { load, seed } = plan
    const options: LoopOptions = {
      admission: () => this.#admission(),
      send: ({ index, intendedMs, late }, free) => {
        if (late) this.#late(intendedMs)
        this.#send(index, intendedMs, free)
      },
    }
    if (rate === null) {
      const periodMs = load.burstPeriodS === null ? null : load.burstPeriodS * 1000
      return new ClosedLoop({ ...options, clock, startMs, shares: this.#shares, seed, periodMs })
    }
    const process = { seed, distribution: load.qpsDistribution, burstiness: load.burstiness }
    const arrivals = new OwnArrivals(process, rate, this.#shares)
    return new OpenLoop({ ...options, clock, startMs, arrivals, missed: (intendedMs) => this.#missed(intendedMs) })
  }

  #send(index: number, intendedMs: number, free: () => void): void {
    this.#busy++
    const { prompts } = this.#options
    const prompt = prompts.take(index)
    if (prompt) this.#dispatch(prompt, intendedMs, free)
    else prompts.next(index).then((late) => this.#dispatch(late, intendedMs, free), this.#fail)
  }

  #dispatch(prompt: PreparedPrompt, intendedMs: number, free: () => void): void {
    const nowMs = this.#options.clock.nowMs()
    if (this.#stopped || nowMs >= this.#windowEndMs || this.#admission() !== 'send') {
      if (!this.#quota.isUsedUp) this.#missed(intendedMs)
      this.#over()
      return free()
    }
    const timeline = new Timeline(prompt.index, prompt.promptTokens)
    timeline.intendedMs = intendedMs
    this.#options.watch?.sending(timeline)
    this.#options.onSending?.(timeline)
    const inflight = this.#options.client.send({ body: prompt.body }, timeline, () => {
      this.#inflight.delete(inflight)
      this.#finish(timeline, free).catch(this.#fail)
    })
    this.#inflight.add(inflight)
    this.recorder.sent(timeline)
    this.#lastSentMs = timeline.sentMs
    if (this.#phaseOf(timeline) === 'measured') this.#quota.take()
  }

  async #finish(timeline: Timeline, free: () => void): Promise<void> {
    this.#endedMs = Math.max(this.#endedMs, timeline.endMs)
    if (!this.#stopped) free()
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

  /** Resolves at the end of the window, or when stopped. */
  #endOfSending(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const windowEnd = new WakeUp(this.#options.clock, resolve)
      const onStop = (): void => {
        windowEnd.cancel()
        resolve()
      }
      if (stop.aborted) onStop()
      else windowEnd.at(this.#windowEndMs)
      stop.addEventListener('abort', onStop, { once: true })
    })
  }

  #stopSending(): void {
    this.#stopped = true
    this.#users.stop()
    this.#loop.stop()
  }

  /**
   * Resolves when it is known what belonged to this worker up to the end. One that was not allowed to load
   * then has to hear first what others did in its place.
   */
  #settled(cancel: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve
      if (this.#mayLoad || cancel.aborted) resolve()
      cancel.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #countUnsent(stoppedMs: number): void {
    if (this.#quota.isUsedUp) return
    this.#loop.changed()
    const endMs = Math.min(this.#windowEndMs, stoppedMs)
    for (const intendedMs of this.#loop.takeUnsent(this.#measuredFromMs, endMs)) this.#missed(intendedMs, endMs)
  }

  /** An arrival of the schedule that was not sent. Those of ramp and warm-up are no loss. */
  #missed(intendedMs: number, atMs = this.#options.clock.nowMs()): void {
    if (!(intendedMs >= this.#measuredFromMs && intendedMs < this.#windowEndMs)) return
    this.recorder.unsent(intendedMs, Math.min(this.#windowEndMs, atMs))
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

  #late(intendedMs: number): void {
    const nowMs = this.#options.clock.nowMs()
    this.recorder.late(intendedMs)
    this.#lateWarning.late(nowMs - intendedMs)
  }
}
