import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Assignment,
  type Clock,
  changeUsers,
  type LevelChange,
  OwnArrivals,
  type Plan,
  quotaOf,
  type RateCurve,
  rateCurveOf,
  requestPath,
  Shares,
  type Timeline,
  type UserCurve,
  userCurveOf,
} from '@llmload/core'
import type { HttpClient } from '../http/client.js'
import { Recorder } from '../recording/recorder.js'
import type { RequestWatch } from '../recording/request-watch.js'
import type { PromptSource } from '../workload/prompt-source.js'
import { ClosedLoop } from './closed-loop.js'
import { LateWarning } from './late-warning.js'
import type { DueRequest, Loop, LoopOptions } from './loop.js'
import { OpenLoop } from './open-loop.js'
import { Quota } from './quota.js'
import { Requests } from './requests.js'
import { RunTimes } from './run-times.js'
import { UserPool } from './user-pool.js'
import { WakeUp } from './wake-up.js'

/** Spread of the first requests of a closed loop, as llm_bench spreads them. */
const FIRST_REQUEST_WITHIN_MS = 1000

/** A server that stood still leaves arrivals by the million, and the master has to hear from this worker meanwhile. */
const UNSENT_PER_TURN = 1000

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
 * what is in flight finish. Loads nothing before `run` and the start, and nothing after the promise of `run` resolves.
 */
export class LoadRun {
  readonly recorder: Recorder
  readonly #options: LoadRunOptions
  readonly #times: RunTimes
  readonly #shares: Shares
  readonly #rate: RateCurve | null
  readonly #userCurve: UserCurve
  readonly #quota: Quota
  readonly #requests: Requests
  readonly #loop: Loop
  readonly #users: UserPool
  readonly #lateWarning: LateWarning
  #state: 'ready' | 'sending' | 'over' = 'ready'
  #fail: (reason: unknown) => void = () => {}
  #settle: () => void = () => {}

  constructor(options: LoadRunOptions) {
    const { plan, assignments, levels, clock, startMs, warn } = options
    this.#options = options
    this.#times = new RunTimes(plan.load, startMs)
    this.#shares = new Shares(assignments)
    this.#rate = rateCurveOf(plan.load)
    this.#userCurve = userCurveOf(plan.load)
    for (const change of levels) this.#changeCurves(change)
    this.#quota = new Quota(quotaOf(this.#shares.at(0)?.share ?? null, plan.load.maxRequests))
    const { measuredFromMs, stagesFromMs } = this.#times
    const path = requestPath(plan.target)
    this.recorder = new Recorder({ clock, stream: plan.target.stream, path, measuredFromMs, stagesFromMs, warn })
    this.#lateWarning = new LateWarning(clock, warn)
    this.#requests = new Requests({
      ...options,
      times: this.#times,
      recorder: this.recorder,
      admit: (request) => this.#admit(request),
      sent: (phase) => phase === 'measured' && this.#quota.take(),
      failed: (reason) => this.#fail(reason),
    })
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
    return this.#requests.inFlight
  }

  /** When the last request was sent; null if none was. */
  get lastSentMs(): number | null {
    return this.#requests.lastSentMs
  }

  /** When the last request was over; the start of the run if there was none. */
  get endedMs(): number {
    return this.#requests.endedMs
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
    if (this.#quota.isUsedUp) this.#loop.passOver(this.#options.clock.nowMs())
    this.#quota.grant(requests)
    this.#loop.resume()
  }

  /** `mayLoadUntilMs` lies ahead again, after it had passed: this worker was not allowed to load from `ranOutMs` on. */
  leaseRenewed(ranOutMs: number): void {
    this.#loop.lapsed(ranOutMs, this.#options.clock.nowMs())
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
    this.#state = 'sending'
    this.#users.look()
    await this.#endOfSending(stop)
    this.#stopSending()
    const endMs = Math.min(this.#times.measuredUntilMs, this.#options.clock.nowMs())
    await this.#requests.drain(cancel)
    await this.#settled(cancel)
    await this.#countUnsent(endMs)
  }

  #makeLoop(rate: RateCurve | null): Loop {
    const { plan, clock, startMs } = this.#options
    const { load, seed } = plan
    const options: LoopOptions = {
      maySend: () => this.#maySend,
      send: (request, free) => {
        if (request.late) this.#late(request)
        this.#requests.send(request, free)
      },
    }
    if (rate === null) {
      const periodMs = load.burstPeriodS === null ? null : load.burstPeriodS * 1000
      // A burst is of all users at once, and the users of a ramp are there when they are due.
      const spreadMs = periodMs === null && load.ramping === null ? FIRST_REQUEST_WITHIN_MS : 0
      return new ClosedLoop({ ...options, clock, startMs, shares: this.#shares, seed, periodMs, spreadMs })
    }
    const process = { seed, distribution: load.qpsDistribution, burstiness: load.burstiness }
    const arrivals = new OwnArrivals(process, rate, this.#shares)
    return new OpenLoop({ ...options, clock, startMs, arrivals, missed: (intendedMs) => this.#missed(intendedMs) })
  }

  #changeCurves({ fromMs, qps, users }: LevelChange): void {
    if (qps !== null) this.#rate?.change(fromMs, qps)
    changeUsers(this.#userCurve, { fromMs, users, spawnRate: this.#options.plan.load.spawnRate })
  }

  #reshared(): void {
    if (this.#state === 'over') return
    this.#loop.changed()
    this.#options.prompts.follow(this.#loop.ahead())
  }

  #lookAtUsers(): void {
    if (this.#state === 'sending') this.#users.look()
  }

  get #maySend(): boolean {
    const isOver = this.#state === 'over' || this.#options.clock.nowMs() >= this.#times.measuredUntilMs
    return !isOver && !this.#quota.isUsedUp && this.#mayLoad
  }

  get #mayLoad(): boolean {
    const { clock, mayLoadUntilMs } = this.#options
    return clock.nowMs() < mayLoadUntilMs()
  }

  #admit({ intendedMs }: DueRequest): boolean {
    if (this.#maySend) return true
    if (!this.#quota.isUsedUp) this.#missed(intendedMs)
    return false
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
      else windowEnd.at(this.#times.measuredUntilMs)
      stop.addEventListener('abort', onStop, { once: true })
    })
  }

  #stopSending(): void {
    this.#state = 'over'
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

  async #countUnsent(endMs: number): Promise<void> {
    if (this.#quota.isUsedUp) return
    this.#loop.changed()
    let counted = 0
    for (const intendedMs of this.#loop.unsent(endMs)) {
      this.#missed(intendedMs, endMs)
      if (++counted % UNSENT_PER_TURN === 0) await nextTurn()
    }
  }

  /** An arrival of the schedule that was not sent. Those of ramp and warm-up are no loss. */
  #missed(intendedMs: number, atMs = this.#options.clock.nowMs()): void {
    if (!this.#times.isMeasured(intendedMs)) return
    this.recorder.unsent(intendedMs, Math.min(this.#times.measuredUntilMs, atMs))
  }

  #late({ intendedMs }: DueRequest): void {
    this.recorder.late(intendedMs)
    this.#lateWarning.late(this.#options.clock.nowMs() - intendedMs)
  }
}
