import {
  type Clock,
  countTokens,
  type Failure,
  isSet,
  METRICS,
  type MeasuredRequest,
  Stats,
  type Timeline,
  UNIT_SCALE,
  valuesOf,
} from '@llmload/core'

export interface RecorderOptions {
  readonly clock: Clock
  readonly stream: boolean
  /** Name of the POST row: the request path. */
  readonly path: string
  /** Requests sent from this instant on are measured; those before belong to the ramp. */
  readonly measuredFromMs: number
}

/** Turns finished timelines into numbers. A request belongs to the phase in which it was sent. */
export class Recorder {
  readonly ramp = new Stats()
  readonly measured = new Stats()
  readonly #options: RecorderOptions

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  sent(timeline: Timeline): void {
    const stats = this.#phaseOf(timeline.sentMs)
    stats.counts.sent++
    this.#measure(stats, { timeline, tokens: null, promptTokens: null, stream: this.#options.stream }, 'sent')
  }

  /** An arrival found no free user when it was due, and was sent at `sentMs`. */
  late(sentMs: number): void {
    this.#phaseOf(sentMs).counts.late++
  }

  /** An arrival of the measured window was never sent. */
  unsent(): void {
    this.measured.counts.unsent++
  }

  /**
   * Books a finished request. `tokenizerCount` is the tokenizer's count of its text, where there is one.
   */
  finished(timeline: Timeline, tokenizerCount: number | null): void {
    const stats = this.#phaseOf(timeline.sentMs)
    if (timeline.censored) {
      stats.counts.censored++
      return
    }
    const { path, stream } = this.#options
    const row = stats.entry('POST', path)
    const answeredMs = stream && isSet(timeline.headersMs) ? timeline.headersMs : timeline.endMs
    row.log(answeredMs - timeline.sentMs, timeline.bodyBytes)
    if (timeline.failure) {
      row.logFailure()
      this.#fail(stats, timeline.failure)
    } else {
      this.#succeed(stats, timeline, tokenizerCount)
    }
  }

  #fail(stats: Stats, failure: Failure): void {
    stats.counts.failed++
    stats.failures.set(failure.class, (stats.failures.get(failure.class) ?? 0) + 1)
    const { clock, path } = this.#options
    stats.errors.log('POST', path, failure.message, clock.wallMs(clock.nowMs()))
  }

  #succeed(stats: Stats, timeline: Timeline, tokenizerCount: number | null): void {
    const counted = countTokens(timeline, tokenizerCount)
    const request: MeasuredRequest = {
      timeline,
      tokens: counted?.tokens ?? null,
      promptTokens: timeline.promptTokens ?? timeline.plannedPromptTokens,
      stream: this.#options.stream,
    }
    stats.counts.succeeded++
    stats.counts.outputTokens += request.tokens ?? 0
    stats.counts.inputTokens += request.promptTokens ?? 0
    if (counted) stats.tokenSources.set(counted.source, (stats.tokenSources.get(counted.source) ?? 0) + 1)
    this.#measure(stats, request, 'answered')
  }

  #measure(stats: Stats, request: MeasuredRequest, of: 'answered' | 'sent'): void {
    for (const metric of METRICS) {
      if (metric.of !== of) continue
      const histogram = stats.histogram(metric.name)
      for (const value of valuesOf(metric, request)) {
        histogram.record(value * UNIT_SCALE[metric.unit])
        if (metric.table) stats.entry('METRIC', metric.name).log(value, 0)
      }
    }
  }

  #phaseOf(sentMs: number): Stats {
    return sentMs >= this.#options.measuredFromMs ? this.measured : this.ramp
  }
}
