import type { Clock, Keep, Log, OutputConfig, RequestBatch, ResponseFrames } from '@llmload/core'
import { FramesReporter } from './frames-file.js'
import type { Reporter } from './reporter.js'
import { RequestLogReporter, type RunStart } from './request-log.js'

export interface RequestRecordsDeps {
  readonly clock: Clock
  readonly log: Log
  /** Requests that all workers have reported as sent. */
  readonly sent: () => number
}

/** What workers say of single requests, where that was asked for. */
export class RequestRecords {
  /** What workers shall say. */
  readonly keep: Keep
  readonly #log: RequestLogReporter | null
  readonly #frames: FramesReporter | null

  constructor(
    { requestLog, recordFrames }: Pick<OutputConfig, 'requestLog' | 'recordFrames'>,
    deps: RequestRecordsDeps,
  ) {
    const isLogged = requestLog !== null
    this.keep = { requests: isLogged, frames: isLogged ? recordFrames : 0 }
    this.#log = isLogged ? new RequestLogReporter({ path: requestLog, ...deps }) : null
    this.#frames = isLogged && recordFrames > 0 ? new FramesReporter(requestLog, recordFrames) : null
  }

  get reporters(): readonly Reporter[] {
    return [this.#log, this.#frames].filter((reporter) => reporter !== null)
  }

  /** The load is about to begin. */
  begin(start: RunStart): void {
    this.#log?.begin(start)
  }

  /** Throws a RangeError on a batch that must not be there. */
  take(worker: string, batch: RequestBatch): void {
    this.#log?.take(worker, batch)
  }

  takeFrames(worker: string, frames: ResponseFrames): void {
    this.#frames?.take(worker, frames)
  }

  /** Delta `seq` of a worker was added up. */
  counted(worker: string, seq: number): void {
    this.#log?.counted(worker, seq)
  }
}
