import {
  type Delta,
  HISTORY_METRICS,
  Histogram,
  type HistogramData,
  type HistoryLatency,
  type HistoryMetric,
  type HistoryPoint,
  type StatsData,
  UNIT_SCALE,
} from '@llmload/core'

const METRICS = Object.keys(HISTORY_METRICS) as HistoryMetric[]

/** Of a delta, and can be divided. */
const COUNTS = ['sent', 'succeeded', 'failed', 'late', 'inputTokens', 'outputTokens'] as const
/** Seconds times workers, users and so on: that adds up for any length of time. */
const AMOUNTS = ['workers', 'users', 'inFlight', 'cpuCores'] as const

const SUMS = [...COUNTS, ...AMOUNTS] as const
type Sums = Record<(typeof SUMS)[number], number>
const NO_SUMS = Object.fromEntries(SUMS.map((name) => [name, 0])) as Sums

const NO_MAXIMA = { elu: 0, loopDelayMs: 0, rssBytes: 0 }

/**
 * What was reported for one span of time. Bins add up without loss. One that is still being filled has
 * its histograms at hand; at rest they are text, a fraction of the size.
 */
export class HistoryBin {
  readonly #sums: Sums = { ...NO_SUMS }
  readonly #maxima = { ...NO_MAXIMA }
  readonly #atHand = new Map<HistoryMetric, Histogram>()
  readonly #atRest = new Map<HistoryMetric, HistogramData>()
  #point: HistoryPoint | null = null

  /** Seconds after the start of the run. */
  constructor(
    readonly fromS: number,
    readonly lengthS: number,
  ) {}

  /** Adds what of a delta belongs here: of its time `forS` seconds, the `share` of it. */
  addPart({ ramp, measured, users, inFlight, health }: Delta, { forS, share }: { forS: number; share: number }): void {
    const sums = this.#changed()
    sums.workers += forS
    sums.users += forS * users
    sums.inFlight += forS * inFlight
    sums.cpuCores += forS * health.cpuCores
    for (const data of [ramp, measured]) {
      for (const name of COUNTS) sums[name] += share * (data?.counts[name] ?? 0)
    }
    this.#include({ elu: health.elu, loopDelayMs: health.loopDelayMaxMs, rssBytes: health.rssBytes })
  }

  /** Adds all latencies of a delta. */
  addLatencies({ histograms }: StatsData): void {
    this.#changed()
    for (const metric of METRICS) {
      const data = histograms[HISTORY_METRICS[metric]]
      if (data) this.#histogram(metric).merge(data)
    }
  }

  /** Adds all that another bin holds. */
  merge(other: HistoryBin): void {
    const sums = this.#changed()
    for (const name of SUMS) sums[name] += other.#sums[name]
    this.#include(other.#maxima)
    for (const [metric, data] of other.#atRest) this.#histogram(metric).merge(data)
    for (const [metric, histogram] of other.#atHand) this.#histogram(metric).add(histogram)
  }

  /** To be called when nothing is expected to be added for a while. */
  rest(): void {
    this.toPoint()
    for (const [metric, histogram] of this.#atHand) this.#atRest.set(metric, histogram.toData())
    this.#atHand.clear()
  }

  /** Made once, until something is added. */
  toPoint(): HistoryPoint {
    this.#point ??= this.#makePoint()
    return this.#point
  }

  #makePoint(): HistoryPoint {
    const { fromS, lengthS } = this
    const sums = this.#sums
    const maxima = this.#maxima
    return {
      fromS,
      lengthS,
      workers: sums.workers / lengthS,
      users: sums.users / lengthS,
      inFlight: sums.inFlight / lengthS,
      sentPerS: sums.sent / lengthS,
      succeededPerS: sums.succeeded / lengthS,
      failedPerS: sums.failed / lengthS,
      latePerS: sums.late / lengthS,
      inputTokensPerS: sums.inputTokens / lengthS,
      outputTokensPerS: sums.outputTokens / lengthS,
      latencies: {
        ttft: this.#latency('ttft'),
        itl: this.#latency('itl'),
        e2e: this.#latency('e2e'),
        scheduleLag: this.#latency('scheduleLag'),
      },
      cpuCores: sums.cpuCores / lengthS,
      eluMax: maxima.elu,
      loopDelayMaxMs: maxima.loopDelayMs,
      rssBytesMax: maxima.rssBytes,
    }
  }

  #latency(metric: HistoryMetric): HistoryLatency | null {
    if (!this.#atHand.has(metric) && !this.#atRest.has(metric)) return null
    const histogram = this.#histogram(metric)
    const ms = (percent: number): number => histogram.percentile(percent) / UNIT_SCALE.ms
    return { count: histogram.count, p50: ms(50), p90: ms(90), p99: ms(99), max: histogram.max / UNIT_SCALE.ms }
  }

  /** Takes it at hand. */
  #histogram(metric: HistoryMetric): Histogram {
    const known = this.#atHand.get(metric)
    if (known) return known
    const histogram = new Histogram()
    const data = this.#atRest.get(metric)
    if (data) histogram.merge(data)
    this.#atRest.delete(metric)
    this.#atHand.set(metric, histogram)
    return histogram
  }

  #changed(): Sums {
    this.#point = null
    return this.#sums
  }

  #include({ elu, loopDelayMs, rssBytes }: typeof NO_MAXIMA): void {
    const maxima = this.#maxima
    maxima.elu = Math.max(maxima.elu, elu)
    maxima.loopDelayMs = Math.max(maxima.loopDelayMs, loopDelayMs)
    maxima.rssBytes = Math.max(maxima.rssBytes, rssBytes)
  }
}
