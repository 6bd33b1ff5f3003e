import { type Clock, type Plan, type RequestPhase, startOf, Timeline } from '@llmload/core'
import type { HttpClient, Inflight } from '../http/client.js'
import type { Recorder } from '../recording/recorder.js'
import type { RequestWatch } from '../recording/request-watch.js'
import type { PreparedPrompt, PromptSource } from '../workload/prompt-source.js'
import type { DueRequest } from './loop.js'
import type { RunTimes } from './run-times.js'
import { WakeUp } from './wake-up.js'

export interface RequestsOptions {
  readonly plan: Plan
  readonly times: RunTimes
  readonly clock: Clock
  readonly client: HttpClient
  readonly prompts: PromptSource
  readonly recorder: Recorder
  /** Told of every single request; null = only totals are wanted. */
  readonly watch: RequestWatch | null
  /** Told of every request before it is sent. */
  readonly onSending?: (timeline: Timeline) => void
  /** Asked when the prompt of a request is there, for which it may have waited: whether it may be sent now. */
  readonly admit: (request: DueRequest) => boolean
  readonly sent: (phase: RequestPhase) => void
  /** Prompts cannot be made any more, or answers not be counted. */
  readonly failed: (reason: unknown) => void
}

/** The requests of one worker, each from when it is due until it is in the books. */
export class Requests {
  readonly #options: RequestsOptions
  readonly #inflight = new Set<Inflight>()
  /** Those that wait for their prompt, are in flight, or are being counted. */
  #open = 0
  #allDone: () => void = () => {}
  #lastSentMs: number | null = null
  #endedMs: number

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#endedMs = options.times.startMs
  }

  get inFlight(): number {
    return this.#inflight.size
  }

  /** When the last one was sent; null if none was. */
  get lastSentMs(): number | null {
    return this.#lastSentMs
  }

  /** When the last one was over; the start of the run if there was none. */
  get endedMs(): number {
    return this.#endedMs
  }

  /** `free` is called when it is over, or was not admitted. */
  send(request: DueRequest, free: () => void): void {
    this.#open++
    const { prompts, failed } = this.#options
    const prompt = prompts.take(request.index)
    if (prompt) this.#dispatch(request, prompt, free)
    else prompts.next(request.index).then((late) => this.#dispatch(request, late, free), failed)
  }

  /**
   * Resolves when all are in the books. What is in flight may take as long as --stop-timeout says; then, or
   * when `cancel` is aborted, it is cancelled.
   */
  drain(cancel: AbortSignal): Promise<void> {
    const { clock, plan } = this.#options
    const cancelAll = (): void => {
      for (const inflight of [...this.#inflight]) inflight.cancel()
    }
    return new Promise((resolve) => {
      const limit = new WakeUp(clock, cancelAll)
      this.#allDone = () => {
        limit.cancel()
        cancel.removeEventListener('abort', cancelAll)
        resolve()
      }
      limit.at(clock.nowMs() + plan.load.stopTimeoutS * 1000)
      cancel.addEventListener('abort', cancelAll, { once: true })
      if (cancel.aborted || plan.load.stopTimeoutS === 0) cancelAll()
      if (this.#open === 0) this.#allDone()
    })
  }

  #dispatch(request: DueRequest, prompt: PreparedPrompt, free: () => void): void {
    const { client, recorder, watch, onSending, admit, sent, failed } = this.#options
    if (!admit(request)) {
      this.#close()
      return free()
    }
    const timeline = new Timeline(prompt.index, prompt.promptTokens)
    timeline.intendedMs = request.intendedMs
    watch?.sending(timeline)
    onSending?.(timeline)
    const inflight = client.send({ body: prompt.body }, timeline, () => {
      this.#inflight.delete(inflight)
      this.#finish(timeline, free).catch(failed)
    })
    this.#inflight.add(inflight)
    recorder.sent(timeline)
    this.#lastSentMs = timeline.sentMs
    sent(this.#phaseOf(timeline))
  }

  async #finish(timeline: Timeline, free: () => void): Promise<void> {
    this.#endedMs = Math.max(this.#endedMs, timeline.endMs)
    free()
    const { prompts, recorder, watch } = this.#options
    const counting = timeline.text ? prompts.countTokens(timeline.text) : null
    const tokenizerTokens = counting && (await counting)
    recorder.finished(timeline, tokenizerTokens)
    watch?.finished(timeline, this.#phaseOf(timeline), tokenizerTokens)
    this.#close()
  }

  #phaseOf(timeline: Timeline): RequestPhase {
    return this.#options.times.phaseAt(startOf(timeline))
  }

  #close(): void {
    if (--this.#open === 0) this.#allDone()
  }
}
