import { type Keep, outcomeOf, type RequestPhase, type Timeline, type WorkerMessage } from '@llmload/core'
import { FrameRecorder } from './frame-recorder.js'
import { RequestLog } from './request-log.js'

export interface RequestWatchOptions {
  readonly keep: Keep
  /** Start of the run on this worker's clock. */
  readonly startMs: number
  readonly send: (message: WorkerMessage) => void
  /** Whether the connection to the master takes more now. */
  readonly isFree: () => boolean
}

/** Tells the master of single requests, besides the totals that the recorder keeps. */
export class RequestWatch {
  readonly #options: RequestWatchOptions
  readonly #log: RequestLog
  readonly #frames: FrameRecorder | null

  constructor(options: RequestWatchOptions) {
    const { keep, startMs, send, isFree } = options
    this.#options = options
    this.#log = new RequestLog({ send, isFree })
    this.#frames = keep.frames > 0 ? new FrameRecorder(keep.frames, startMs) : null
  }

  /** A request is about to be sent. */
  sending(timeline: Timeline): void {
    this.#frames?.sending(timeline)
  }

  /** It is over and counted; `tokenizerTokens` is the tokenizer's count of its text, where there is one. */
  finished(timeline: Timeline, phase: RequestPhase, tokenizerTokens: number | null): void {
    this.#log.add(outcomeOf(timeline, { startMs: this.#options.startMs, phase, tokenizerTokens }))
    this.#frames?.finished(timeline, phase)
  }

  /** Delta `delta` is about to be sent. */
  flush(delta: number): void {
    for (const frames of this.#frames?.takeFailed() ?? []) this.#options.send({ type: 'frames', frames })
    this.#log.flush(delta)
  }

  /** The last delta is about to be sent. */
  finish(): void {
    for (const frames of this.#frames?.takeFailed() ?? []) this.#options.send({ type: 'frames', frames })
    for (const frames of this.#frames?.takeSlowest() ?? []) this.#options.send({ type: 'frames', frames })
    this.#log.finish()
  }
}
