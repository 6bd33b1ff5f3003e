import { type LoadPlan, measuredFromMs, type ReportedWorker, type RunReport } from '../../../packages/core/src/index.js'
import type { Llmload } from '../../support/llmload.js'
import type { Host } from './namespaces.js'
import { digestsOf, type Seen } from './truth.js'

/** Requests can be missing from those that were sent; more than that are not, but where the end of the run says so. */
const MORE_THAN_MISSING = 1000

/** By then workers have heard that the run is stopped. */
const STOPPING_MS = 500

/** In a closed loop every deal of the shares numbers its requests anew, so far from the one before. */
const INDICES_PER_EPOCH = 2 ** 32
/** More deals than any of these runs has. */
const EPOCHS = 6

/** Nothing of a run arrives before its start; what does is of a run before it. */
const CLOCKS_DIFFER_MS = 100

/** A worker on a host of its own. */
export interface Worker {
  readonly host: Host
  readonly process: Llmload
}

/** A request that the simulator saw, with its place in the schedule. */
export interface Sent extends Seen {
  /** Position in the order of all requests of the run; null = its contents are none of the run's, or did not arrive in full. */
  readonly index: number | null
  /** When it arrived, in milliseconds after the start of the run. */
  readonly atMs: number
}

/** What one worker and the simulator say of the same requests. */
export interface Account {
  readonly worker: Worker
  /** As the report of the run has it; undefined = it is not there. */
  readonly reported: ReportedWorker | undefined
  /** Those of the measured window that reached the simulator. */
  readonly sent: readonly Sent[]
}

/** A run that is over, and what the simulator saw of it. A load with a rate has constant gaps. */
export class Outcome {
  private constructor(
    readonly report: RunReport,
    readonly code: number | null,
    readonly stderr: string,
    /** All phases. */
    readonly sent: readonly Sent[],
    readonly workers: readonly Worker[],
    /** Start of the run, Unix milliseconds. */
    readonly startMs: number,
  ) {}

  static async of(
    report: RunReport,
    ended: { readonly code: number | null; readonly stderr: string },
    seen: readonly Seen[],
    workers: readonly Worker[],
  ): Promise<Outcome> {
    const { plan, window } = report
    const indexOf = await digestsOf(plan, possibleIndices(plan.load, seen.length))
    const beforeWindowMs = window.phase === 'measured' ? measuredFromMs(plan.load) : 0
    const startMs = Date.parse(window.startedAt) - beforeWindowMs
    const sent = seen
      .map((one) => ({ ...one, index: indexOf.get(one.digest ?? '') ?? null, atMs: one.receivedMs - startMs }))
      .filter(({ atMs }) => atMs > -CLOCKS_DIFFER_MS)
    return new Outcome(report, ended.code, ended.stderr, sent, workers, startMs)
  }

  get accounts(): Account[] {
    return this.workers.map((worker) => ({
      worker,
      reported: this.report.workers.find(({ pid }) => pid === worker.process.pid),
      sent: this.inWindow.filter(({ peer }) => peer === worker.host.address),
    }))
  }

  accountOf(worker: Worker): Account {
    const account = this.accounts.find((one) => one.worker === worker)
    if (!account) throw new Error(`${worker.host.name} is none of this fleet`)
    return account
  }

  /** Requests of the phase that the report is about. */
  get inWindow(): Sent[] {
    return this.sent.filter((one) => this.#isInWindow(one))
  }

  /** When the schedule wanted an arrival, in milliseconds after the start of the run. */
  dueMs(index: number): number {
    return (index * 1000) / (this.report.plan.load.qps ?? Number.NaN)
  }

  /** Arrivals of the window; of one that was ended by hand, those that were due well before. */
  get dueIndices(): number[] {
    const { plan, window } = this.report
    const rate = (plan.load.qps ?? Number.NaN) / 1000
    const first = Math.ceil(measuredFromMs(plan.load) * rate)
    const lengthMs = plan.load.runTimeS === null ? window.lengthS * 1000 - STOPPING_MS : plan.load.runTimeS * 1000
    return Array.from({ length: Math.round(lengthMs * rate) }, (_, i) => first + i)
  }

  /** Those of them that never reached the simulator. */
  get missing(): number[] {
    const seen = new Set(this.sent.map(({ index }) => index))
    return this.dueIndices.filter((index) => !seen.has(index))
  }

  /** How late requests arrived, against the schedule, in order of size. */
  lagsMs(requests: readonly Sent[]): number[] {
    return requests
      .flatMap(({ index, atMs }) => (index === null ? [] : atMs - this.dueMs(index)))
      .toSorted((a, b) => a - b)
  }

  #isInWindow({ index, atMs }: Sent): boolean {
    if (this.report.window.phase === 'ramp') return true
    const { qps } = this.report.plan.load
    const dueMs = index === null || qps === null ? atMs : this.dueMs(index)
    return dueMs >= measuredFromMs(this.report.plan.load)
  }
}

/** Of requests that may have been sent, where so many were. */
function* possibleIndices({ qps, runTimeS, ...load }: LoadPlan, sent: number): Generator<number> {
  const planned = ((qps ?? 0) * ((runTimeS ?? 0) * 1000 + measuredFromMs(load))) / 1000
  const count = Math.max(planned, sent) + MORE_THAN_MISSING
  for (let epoch = 0; epoch < (qps === null ? EPOCHS : 1); epoch++) {
    for (let i = 0; i < count; i++) yield epoch * INDICES_PER_EPOCH + i
  }
}
