import {
  type Clock,
  countTokens,
  type Failure,
  isSet,
  METRICS,
  type MeasuredRequest,
  type MetricName,
  odditiesOf,
  type Span,
  Stats,
  startOf,
  type Timeline,
  tokenCheck,
  UNIT_SCALE,
} from '@llmload/core'

export interface RecorderOptions {
  readonly clock: Clock
  readonly stream: boolean
  /** Name of the POST row: the request path. */
  readonly path: string
  /** Requests that start from this instant on are measured; those before belong to ramp and warm-up. */
  readonly measuredFromMs: number
  /** When the stages of the plan begin, in order; none = it has none. */
  readonly stagesFromMs: readonly number[]
  /** Tells the master something that its user should know. */
  readonly warn: (message: string) => void
}

type Named = (typeof METRICS)[number]

const OF_ALL_SENT = METRICS.filter(({ of }) => of === 'sent')
const OF_ANSWERED = METRICS.filter(({ of }) => of === 'answered' || of === 'reached')
const OF_FAILED = METRICS.filter(({ of }) => of === 'failed')
const FROM_START = METRICS.filter(({ span }) => span !== null)

/** Turns finished timelines into numbers. A request belongs to the phase in which it starts: see `startOf`. */
export class Recorder {
  /** Warm-up included. */
  readonly ramp = new Stats()
  readonly measured = new Stats()
  /** The measured requests once more, those of each stage for themselves. */
  readonly stages: readonly Stats[]
  readonly #options: RecorderOptions
  readonly #ofRamp: readonly Stats[]
  readonly #ofMeasured: readonly Stats[]
  readonly #ofStages: readonly (readonly Stats[])[]
  #saidThatPromptsDiffer = false

  constructor(options: RecorderOptions) {
    this.#options = options
    this.stages = options.stagesFromMs.map(() => new Stats())
    this.#ofRamp = [this.ramp]
    this.#ofMeasured = [this.measured]
    this.#ofStages = this.stages.map((stage) => [this.measured, stage])
  }

  sent(timeline: Timeline): void {
    for (const stats of this.#booksOf(startOf(timeline))) {
      stats.counts.sent++
      record(OF_ALL_SENT, stats, this.#uncounted(timeline), false)
    }
  }

  /** An arrival found no free user when it was due. */
  late(intendedMs: number): void {
    for (const stats of this.#booksOf(intendedMs)) stats.counts.late++
  }

  /** An arrival of the measured window was not sent until `endMs`, and will not be. From the schedule it is a request without an answer. */
  unsent(intendedMs: number, endMs: number): void {
    const ageUs = (endMs - intendedMs) * UNIT_SCALE.ms
    for (const stats of this.#booksOf(intendedMs)) {
      stats.counts.unsent++
      stats.ages('schedule_lag').record(ageUs)
      for (const { name, span } of FROM_START) {
        if (span?.from === 'intendedMs' && this.#isSure(span)) stats.ages(name).record(ageUs)
      }
    }
  }

  /** Whether every answer of this run has the mark at which a latency ends. */
  #isSure({ surely }: Span): boolean {
    return surely === 'all' || (surely === 'streams' && this.#options.stream)
  }

  /**
   * Books a finished request. `tokenizerCount` is the tokenizer's count of its text, where there is one.
   */
  finished(timeline: Timeline, tokenizerCount: number | null): void {
    for (const stats of this.#booksOf(startOf(timeline))) this.#book(stats, timeline, tokenizerCount)
  }

  #book(stats: Stats, timeline: Timeline, tokenizerCount: number | null): void {
    for (const oddity of odditiesOf(timeline)) stats.oddities.set(oddity, (stats.oddities.get(oddity) ?? 0) + 1)
    if (timeline.censored) {
      this.#cut(stats, timeline)
      return
    }
    const { path, stream } = this.#options
    const row = stats.entry('POST', path)
    const answeredMs = stream && isSet(timeline.headersMs) ? timeline.headersMs : timeline.endMs
    row.log(answeredMs - timeline.sentMs, timeline.bodyBytes)
    if (timeline.failure) {
      row.logFailure()
      this.#fail(stats, timeline.failure)
      record(OF_FAILED, stats, this.#uncounted(timeline), false)
    } else {
      this.#succeed(stats, timeline, tokenizerCount)
    }
  }

  /** What a request that was cut off had reached is known; of the rest, that it takes longer than the request was old. */
  #cut(stats: Stats, timeline: Timeline): void {
    stats.counts.censored++
    for (const { name, unit, span, of } of FROM_START) {
      if (span === null || !isSet(timeline[span.from])) continue
      const ageMs = timeline.endMs - timeline[span.from]
      if (of === 'reached' && isSet(timeline[span.to])) {
        recordValue(name, timeline[span.to] - timeline[span.from], UNIT_SCALE[unit], false, stats)
      } else if (this.#isSure(span)) {
        stats.ages(name).record(ageMs * UNIT_SCALE[unit])
      }
    }
  }

  #uncounted(timeline: Timeline): MeasuredRequest {
    return { timeline, tokens: null, promptTokens: null, stream: this.#options.stream }
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
    record(OF_ANSWERED, stats, request, true)
    this.#check(stats, timeline, tokenizerCount)
  }

  /** Our counts of tokens are exact where there are any, so a server that counts otherwise has another tokenizer. */
  #check(stats: Stats, timeline: Timeline, tokenizerCount: number | null): void {
    const { plannedPromptTokens, promptTokens, completionTokens } = timeline
    if (tokenizerCount !== null && completionTokens !== null) {
      stats.checkTokens('answer', tokenCheck(tokenizerCount, completionTokens))
    }
    if (plannedPromptTokens === null || promptTokens === null) return
    stats.checkTokens('prompt', tokenCheck(plannedPromptTokens, promptTokens))
    if (promptTokens === plannedPromptTokens || this.#saidThatPromptsDiffer) return
    this.#saidThatPromptsDiffer = true
    this.#options.warn(
      `the server counted ${promptTokens} tokens in a prompt that was made for ${plannedPromptTokens}: ` +
        'it has another tokenizer, or puts something else around prompts; the report says how many differ',
    )
  }

  /** Where a request that starts at an instant is counted. */
  #booksOf(startMs: number): readonly Stats[] {
    const { measuredFromMs, stagesFromMs } = this.#options
    if (!(startMs >= measuredFromMs)) return this.#ofRamp
    if (stagesFromMs.length === 0) return this.#ofMeasured
    return this.#ofStages[stagesFromMs.findLastIndex((fromMs) => fromMs <= startMs)] ?? this.#ofMeasured
  }
}

/** Adds the values that a request has of some metrics, to their rows in the tables too where that is wanted. */
function record(metrics: readonly Named[], stats: Stats, request: MeasuredRequest, inTables: boolean): void {
  for (const { name, unit, table, measure } of metrics) {
    const measured = measure(request)
    const row = table && inTables
    if (typeof measured === 'number') recordValue(name, measured, UNIT_SCALE[unit], row, stats)
    else recordEach(name, measured, UNIT_SCALE[unit], row, stats)
  }
}

/** There is a value per token: an iterator over them would be a third of all garbage of a worker. */
function recordEach(name: MetricName, values: readonly number[], scale: number, row: boolean, stats: Stats): void {
  for (let i = 0; i < values.length; i++) recordValue(name, values[i] ?? Number.NaN, scale, row, stats)
}

function recordValue(name: MetricName, value: number, scale: number, row: boolean, stats: Stats): void {
  if (!isSet(value)) return
  stats.histogram(name).record(value * scale)
  if (row) stats.entry('METRIC', name).log(value, 0)
}
