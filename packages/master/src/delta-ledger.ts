import { type Clock, type Delta, type RequestCounts, Stats, type StatsData } from '@llmload/core'
import { HealthAccount } from './health-account.js'
import { History } from './history.js'
import { LiveRates } from './live-rates.js'
import type { RunTimes } from './run-window.js'

/** More reports than that cannot have got lost unnoticed: the number is wrong. */
const MAX_MISSING = 3600

/** A delta without one before it covers about a second. */
const USUAL_MS = 1000

const NO_COUNTS = { sent: 0, succeeded: 0, failed: 0, censored: 0 }

const PHASES = ['ramp', 'measured'] as const
export type PhaseName = (typeof PHASES)[number]

/** What became of the requests of one worker. */
type WorkerCounts = Pick<RequestCounts, keyof typeof NO_COUNTS>

/** What one worker has reported. */
export interface WorkerAccount {
  /** How many deltas were added up. */
  readonly deltas: number
  /** The highest number seen; 0 before the first. */
  readonly lastSeq: number
  /** Numbers of deltas that did not come though later ones did. */
  readonly missing: ReadonlySet<number>
  readonly counts: Readonly<Record<PhaseName, WorkerCounts>>
  readonly health: HealthAccount
  /** Up to where its reports go, on the master's clock; -Infinity before the first. */
  readonly untilMs: number
}

class Account implements WorkerAccount {
  deltas = 0
  lastSeq = 0
  untilMs = Number.NEGATIVE_INFINITY
  readonly missing = new Set<number>()
  readonly counts = { ramp: { ...NO_COUNTS }, measured: { ...NO_COUNTS } }
  readonly health = new HealthAccount()
}

/** The sum of all deltas of all workers: each counted once, and gaps noticed. Its size does not depend on how long a run is. */
export class DeltaLedger {
  readonly ramp = new Stats()
  readonly measured = new Stats()
  /** The measured requests once more, those of each stage of the plan for themselves. */
  readonly stages: readonly Stats[]
  readonly rates = { ramp: new LiveRates(), measured: new LiveRates() }
  readonly history = new History()
  readonly #clock: Clock
  readonly #accounts = new Map<string, Account>()
  #measuredFromMs = Number.POSITIVE_INFINITY
  #endAtMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, stages = 0) {
    this.#clock = clock
    this.stages = Array.from({ length: stages }, () => new Stats())
  }

  /** The run has a start. */
  startAt({ startAtMs, measuredFromMs, endAtMs }: RunTimes): void {
    this.rates.ramp.startAt(startAtMs)
    this.rates.measured.startAt(startAtMs)
    this.history.startAt(startAtMs)
    this.#measuredFromMs = measuredFromMs
    this.endAt(endAtMs)
  }

  /** No request is sent after an instant: how workers fare from then on is of no interest. */
  endAt(atMs: number): void {
    this.#endAtMs = Math.min(this.#endAtMs, atMs)
  }

  /** What a worker has reported so far. */
  accountOf(workerId: string): WorkerAccount {
    return this.#accounts.get(workerId) ?? new Account()
  }

  /**
   * Adds a delta up; one that was seen before changes nothing. Throws a RangeError, and changes
   * nothing, on an impossible number and on more rows than a table may have.
   */
  accept(workerId: string, delta: Delta): void {
    const account = this.#accounts.get(workerId) ?? new Account()
    for (const phase of PHASES) if (delta[phase]) this[phase].checkRoom(delta[phase])
    if (delta.stages.length > this.stages.length) throw new RangeError(`${delta.stages.length} stages`)
    for (const [i, data] of delta.stages.entries()) if (data) this.stages[i]?.checkRoom(data)
    if (!takeNumber(account, delta.seq)) return
    this.#accounts.set(workerId, account)
    // Nothing can be told of what is yet to come; the clocks of hosts differ a little.
    const untilMs = Math.min(delta.untilMs, this.#clock.nowMs())
    const fromMs = account.deltas > 0 && account.untilMs < untilMs ? account.untilMs : untilMs - USUAL_MS
    account.deltas++
    account.untilMs = Math.max(account.untilMs, untilMs)
    account.health.add(delta.health, untilMs, this.#phaseOf(untilMs))
    for (const phase of PHASES) this.#merge(phase, account, delta[phase], untilMs)
    for (const [i, data] of delta.stages.entries()) if (data) this.stages[i]?.merge(data)
    this.history.add(delta, fromMs, untilMs)
  }

  /** Requests that were sent, in all phases. */
  get sent(): number {
    return this.ramp.counts.sent + this.measured.counts.sent
  }

  /** Rows of the ramp stand in the measured tables too, empty, as Locust's do after a reset. */
  carryRowsOver(): void {
    for (const { method, name } of this.ramp.entries) this.measured.entry(method, name)
  }

  /** Of a second that ended at an instant; null behind the end. */
  #phaseOf(untilMs: number): PhaseName | null {
    if (untilMs > this.#endAtMs) return null
    return untilMs > this.#measuredFromMs ? 'measured' : 'ramp'
  }

  #merge(phase: PhaseName, account: Account, data: StatsData | null, untilMs: number): void {
    if (data === null) return
    this[phase].merge(data)
    for (const name of Object.keys(NO_COUNTS) as (keyof WorkerCounts)[])
      account.counts[phase][name] += data.counts[name]
    for (const entry of data.entries) this.rates[phase].add(entry, untilMs)
  }
}

/** Whether a number is new. Throws on one that cannot be. */
function takeNumber(account: Account, seq: number): boolean {
  if (seq <= account.lastSeq) return account.missing.delete(seq)
  if (account.missing.size + seq - account.lastSeq > MAX_MISSING) {
    throw new RangeError(`number ${seq} after number ${account.lastSeq}`)
  }
  for (let missing = account.lastSeq + 1; missing < seq; missing++) account.missing.add(missing)
  account.lastSeq = seq
  return true
}
