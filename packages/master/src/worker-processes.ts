import { setTimeout as sleep } from 'node:timers/promises'

/** How a worker process ended. */
export interface ProcessEnd {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined
  readonly code: number | null
  readonly signal: string | null
  /** The end of what it wrote to stderr. */
  readonly stderrTail: string
}

/** Worker processes on this host, started for this run. */
export interface WorkerProcesses {
  readonly count: number
  /** The first that ends before it is told to. */
  readonly exited: Promise<ProcessEnd>
  /** How each of them ends. */
  readonly each: readonly Promise<ProcessEnd>[]
  stop(): Promise<void>
}

/** Time in which what a process wrote last, or said on its connection last, still comes in. */
const LAST_WORDS_MS = 500

/** Keeps an eye on the worker processes of this host. */
export class ProcessWatch {
  readonly #processes: WorkerProcesses | null
  #end: ProcessEnd | null = null

  /** @param changed called when the first process has ended by itself; @param ended told of each that has ended. */
  constructor(processes: WorkerProcesses | null, changed: () => void, ended: (end: ProcessEnd) => void) {
    this.#processes = processes
    for (const each of processes?.each ?? []) void each.then((end) => sleep(LAST_WORDS_MS, end)).then(ended)
    void processes?.exited.then(async (end) => {
      await sleep(LAST_WORDS_MS)
      this.#end = end
      changed()
    })
  }

  get count(): number {
    return this.#processes?.count ?? 0
  }

  /** The first process that ended by itself, once its last words had time to come in; null = none did. */
  get end(): ProcessEnd | null {
    return this.#end
  }

  /** A process that failed, if there is one; waits a moment for one whose connection has just been lost. */
  async failed(): Promise<ProcessEnd | null> {
    if (this.#end === null && this.#processes) {
      const ended = this.#processes.exited
      this.#end = await Promise.race([ended, sleep(2 * LAST_WORDS_MS, null)])
    }
    return this.#end && hasFailed(this.#end) ? this.#end : null
  }
}

/** A process that ends with 0 was told so, or found that it was not needed. */
export const hasFailed = ({ code }: ProcessEnd): boolean => code !== 0

/** How a process ended. */
export const howEnded = ({ code, signal }: ProcessEnd): string => (signal === null ? `exit code ${code}` : signal)

/** How a process ended and what it said, for a message. */
export function describeEnd({ stderrTail, ...end }: ProcessEnd): string {
  const how = howEnded({ stderrTail, ...end })
  return stderrTail.trim() === '' ? how : `${how}; its last words:\n${stderrTail.trimEnd()}`
}
