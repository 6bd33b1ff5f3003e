import { LoadError, type Log } from '@llmload/core'

/**
 * The life of a run, and what may follow what:
 *
 * | phase     | what happens                                       | ends when                                  |
 * |-----------|----------------------------------------------------|--------------------------------------------|
 * | checking  | output files, target, model                        | all are fine                               |
 * | gathering | workers connect                                    | as many as expected are there              |
 * | preparing | workers make prompts and open what they need       | all are ready                              |
 * | starting  | workers know the start and wait for it             | it has come                                |
 * | ramping   | users are started                                  | all are, or the run is stopped             |
 * | warming   | the load goes on, but is not measured yet          | its time is over, or the run is stopped    |
 * | measuring | the measured window                                | its time or requests are over, or stopped  |
 * | draining  | no new requests; those in flight may finish        | every worker has drained or is lost        |
 * | reporting | reports are written                                | all are                                    |
 *
 * Before the load, losing a worker or Ctrl-C fails the run. Once load may have been sent, a run
 * always ends in a report.
 */
const NEXT = {
  checking: ['gathering'],
  gathering: ['preparing'],
  preparing: ['starting'],
  starting: ['ramping', 'draining'],
  ramping: ['warming', 'measuring', 'draining'],
  warming: ['measuring', 'draining'],
  measuring: ['draining'],
  draining: ['reporting'],
  reporting: [],
} as const satisfies Record<string, readonly string[]>

export type Phase = keyof typeof NEXT

/** All, in order. */
export const PHASES = Object.keys(NEXT) as readonly Phase[]

const BEFORE_LOAD: readonly Phase[] = ['checking', 'gathering', 'preparing']

/** Requests are being sent. */
const LOADING: readonly Phase[] = ['ramping', 'warming', 'measuring']

const OVER: readonly Phase[] = ['draining', 'reporting']

/** Where a run is in its life. */
export class RunPhase {
  readonly #log: Log
  #current: Phase = 'checking'

  constructor(log: Log) {
    this.#log = log
  }

  get current(): Phase {
    return this.#current
  }

  /** No request was sent, and no worker has been told to send any. */
  get isBeforeLoad(): boolean {
    return BEFORE_LOAD.includes(this.#current)
  }

  /** Requests are being sent. */
  get isLoading(): boolean {
    return LOADING.includes(this.#current)
  }

  /** No request is sent any more. */
  get isOver(): boolean {
    return OVER.includes(this.#current)
  }

  /** Throws INTERNAL if that cannot follow. */
  enter(next: Phase): void {
    const allowed: readonly Phase[] = NEXT[this.#current]
    if (!allowed.includes(next)) {
      throw new LoadError(
        'INTERNAL',
        `a run cannot go from ${this.#current} to ${next}`,
        'please report this fault of llmload',
      )
    }
    this.#log.debug({ from: this.#current, to: next }, `run: ${next}`)
    this.#current = next
  }
}
