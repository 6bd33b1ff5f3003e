import {
  type Clock,
  LoadError,
  type Log,
  messageOf,
  type RequestBatch,
  type RequestLine,
  type RequestLogLine,
} from '@llmload/core'
import { LineFile } from './line-file.js'
import type { Reporter } from './reporter.js'

/** Requests that a worker may send ahead of the delta that counts them: more than any can send in some seconds. */
const MAX_AHEAD = 500_000

export interface RequestLogOptions {
  readonly path: string
  readonly clock: Clock
  readonly log: Log
  /** Requests that all workers have reported as sent. */
  readonly sent: () => number
}

/** What is known of a run when its start is fixed. */
export interface RunStart {
  readonly runId: string
  readonly version: string
  /** On the master's clock. */
  readonly startAtMs: number
}

interface Ahead {
  readonly delta: number
  readonly lines: string
  readonly count: number
}

/** What one worker has sent. */
class Account {
  lastSeq = 0
  lastDelta = 0
  /** Requests that no delta has counted yet. */
  readonly ahead: Ahead[] = []
  requestsAhead = 0
}

/**
 * `--request-log`: a line per request, as they come. A request is written when a delta of its worker
 * has counted it, so the file and the report agree, whatever happens to the worker.
 */
export class RequestLogReporter implements Reporter {
  readonly #options: RequestLogOptions
  readonly #accounts = new Map<string, Account>()
  #file: LineFile | null = null
  #written = 0
  /** Counted, but left out: by workers whose connection was full, and here where the disk was too slow. */
  #dropped = 0

  constructor(options: RequestLogOptions) {
    this.#options = options
  }

  /** The load is about to begin. */
  begin({ runId, version, startAtMs }: RunStart): void {
    const { path, clock, log } = this.#options
    this.#file = new LineFile(path, (error) =>
      log.error({ path }, `--request-log: ${messageOf(error)}; the file lacks all requests from now on`),
    )
    const startedAtMs = clock.wallMs(startAtMs)
    const startedAt = new Date(startedAtMs).toISOString()
    this.#file.write(lineOf({ type: 'run', format: 1, llmload: version, runId, startedAt, startedAtMs }))
  }

  /** Throws a RangeError on a batch that must not be there. */
  take(worker: string, { seq, delta, requests, dropped }: RequestBatch): void {
    const account = this.#accountOf(worker)
    if (seq !== account.lastSeq + 1) throw new RangeError(`number ${seq} after number ${account.lastSeq}`)
    account.lastSeq = seq
    account.requestsAhead += requests.length
    if (account.requestsAhead > MAX_AHEAD) throw new RangeError(`${account.requestsAhead} requests without a delta`)
    this.#dropped += dropped
    const lines = requests.map((outcome) => lineOf({ type: 'request', worker, ...outcome } satisfies RequestLine))
    account.ahead.push({ delta, lines: lines.join(''), count: requests.length })
    this.#write(account)
  }

  /** Delta `seq` of a worker was added up. */
  counted(worker: string, seq: number): void {
    const account = this.#accountOf(worker)
    account.lastDelta = Math.max(account.lastDelta, seq)
    this.#write(account)
  }

  /** Throws OUTPUT_FILE. */
  async onEnd(): Promise<void> {
    const { path, log, sent } = this.#options
    const missing = Math.max(0, sent() - this.#written)
    if (missing > 0)
      log.warn({ path, missing }, `--request-log: ${missing} of ${sent()} requests ${this.#why(missing)}`)
    this.#file?.write(lineOf({ type: 'end', requests: this.#written, missing }))
    try {
      await this.#file?.close()
    } catch (error) {
      throw new LoadError(
        'OUTPUT_FILE',
        `--request-log: ${path} is not complete: ${messageOf(error)}`,
        'it has the requests up to then; make room on the disk before the next run',
        { cause: error },
      )
    }
  }

  #why(missing: number): string {
    const unknown = missing - this.#dropped
    const lost = unknown > 0 ? `${unknown} were under way at a worker that was lost` : ''
    const dropped = this.#dropped > 0 ? `${this.#dropped} were left out because the log could not keep up` : ''
    return `have no line: ${[lost, dropped].filter(Boolean).join(', ')}`
  }

  #write(account: Account): void {
    while ((account.ahead[0]?.delta ?? Number.POSITIVE_INFINITY) <= account.lastDelta) {
      const ahead = account.ahead.shift()
      if (ahead === undefined) return
      account.requestsAhead -= ahead.count
      if (this.#file?.write(ahead.lines)) this.#written += ahead.count
      else this.#dropped += ahead.count
    }
  }

  #accountOf(worker: string): Account {
    const account = this.#accounts.get(worker) ?? new Account()
    this.#accounts.set(worker, account)
    return account
  }
}

const lineOf = (line: RequestLogLine): string => `${JSON.stringify(line)}\n`
