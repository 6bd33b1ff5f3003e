import { type Delta, type RequestCounts, Stats, type StatsData, type WorkerHealth } from '@llmload/core'
import { LiveRates } from './live-rates.js'

/** More reports than that cannot have got lost unnoticed: the number is wrong. */
const MAX_GAP = 3600

const NO_COUNTS = { sent: 0, succeeded: 0, failed: 0, censored: 0 }

export type PhaseName = 'ramp' | 'measured'

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
  readonly health: readonly { readonly untilMs: number; readonly health: WorkerHealth }[]
  /** Up to where its reports go, on the master's clock; -Infinity before the first. */
  readonly untilMs: number
}

class Account implements WorkerAccount {
  deltas = 0
  lastSeq = 0
  untilMs = Number.NEGATIVE_INFINITY
  readonly missing = new Set<number>()
  readonly counts = { ramp: { ...NO_COUNTS }, measured: { ...NO_COUNTS } }
  readonly health: { untilMs: number; health: WorkerHealth }[] = []
}

/** The sum of all deltas of all workers: each counted once, and gaps noticed. */
export class DeltaLedger {
  readonly ramp = new Stats()
  readonly measured = new Stats()
  readonly rates = { ramp: new LiveRates(), measured: new LiveRates() }
  readonly #accounts = new Map<string, Account>()

  /** The start of the run, on the clock of the deltas. */
  startAt(startAtMs: number): void {
    this.rates.ramp.startAt(startAtMs)
    this.rates.measured.startAt(startAtMs)
  }

  /** What a worker has reported so far. */
  accountOf(workerId: string): WorkerAccount {
    return this.#accounts.get(workerId) ?? new Account()
  }

  /**
   * Adds a delta up; one that was seen before changes nothing. Throws a RangeError on an impossible
   * number, and what decoding throws on a histogram that is none.
   */
  accept(workerId: string, delta: Delta): void {
    const account = this.#accounts.get(workerId) ?? new Account()
    this.#accounts.set(workerId, account)
    if (!takeNumber(account, delta.seq)) return
    account.deltas++
    account.untilMs = Math.max(account.untilMs, delta.untilMs)
    account.health.push({ untilMs: delta.untilMs, health: delta.health })
    this.#merge('ramp', account, delta)
    this.#merge('measured', account, delta)
  }

  /** Requests that were sent, in all phases. */
  get sent(): number {
    return this.ramp.counts.sent + this.measured.counts.sent
  }

  /** Rows of the ramp stand in the measured tables too, empty, as Locust's do after a reset. */
  carryRowsOver(): void {
    for (const { method, name } of this.ramp.entries) this.measured.entry(method, name)
  }

  #merge(phase: PhaseName, account: Account, delta: Delta): void {
    const data: StatsData | null = delta[phase]
    if (data === null) return
    this[phase].merge(data)
    for (const name of Object.keys(NO_COUNTS) as (keyof WorkerCounts)[])
      account.counts[phase][name] += data.counts[name]
    for (const entry of data.entries) this.rates[phase].add(entry, delta.untilMs)
  }
}

/** Whether a number is new. */
function takeNumber(account: Account, seq: number): boolean {
  if (seq <= account.lastSeq) return account.missing.delete(seq)
  if (seq - account.lastSeq > MAX_GAP) throw new RangeError(`number ${seq} after number ${account.lastSeq}`)
  for (let missing = account.lastSeq + 1; missing < seq; missing++) account.missing.add(missing)
  account.lastSeq = seq
  return true
}
