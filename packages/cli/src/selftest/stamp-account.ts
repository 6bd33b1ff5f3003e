import { Histogram, type HistogramData, type HostClock } from '@llmload/core'
import type { StampTap } from './stamp-tap.js'

/** What one measuring worker found, as plain JSON. Histograms are in microseconds. */
export interface StampData {
  /** Client stamp minus true send time of the first chunk of each answer … */
  readonly first: HistogramData
  /** … of every chunk … */
  readonly chunk: HistogramData
  /** … and of the write that ended it. */
  readonly end: HistogramData
  /** How late the simulator sent its chunks, by its own stamps. */
  readonly late: HistogramData
  /** CPU time of the worker process in the measured window. */
  readonly cpuS: number
}

/** Adds up the stamps of answers. */
export class StampAccount {
  readonly #first = new Histogram()
  readonly #chunk = new Histogram()
  readonly #end = new Histogram()
  readonly #late = new Histogram()
  readonly #host: HostClock
  readonly #itlMs: number

  /** @param itlMs true pace of the simulator */
  constructor(host: HostClock, itlMs: number) {
    this.#host = host
    this.#itlMs = itlMs
  }

  /** An answer is complete. */
  add({ sentNs, arrivedMs }: StampTap): void {
    const sentMs = sentNs.map((ns) => this.#host.toMs(ns))
    const errorUs = sentMs.map((ms, k) => Math.max(0, ((arrivedMs[k] ?? Number.NaN) - ms) * 1000))
    const [first] = errorUs
    const end = errorUs.at(-1)
    if (first === undefined || end === undefined) return
    this.#first.record(first)
    this.#end.record(end)
    for (const us of errorUs) this.#chunk.record(us)
    for (const us of latenessUs(sentMs, this.#itlMs)) this.#late.record(us)
  }

  toData(cpuS: number): StampData {
    return {
      first: this.#first.toData(),
      chunk: this.#chunk.toData(),
      end: this.#end.toData(),
      late: this.#late.toData(),
      cpuS,
    }
  }
}

/**
 * How late each chunk of an answer left. The simulator keeps to a grid of `itlMs` whatever happens, and
 * never sends early: the chunk that is least behind it was on time. The stamp of the usage, which goes
 * with the last token, is a second one of the same write.
 */
function latenessUs(sentMs: readonly number[], itlMs: number): number[] {
  const chunks = sentMs.filter((ms, k) => ms !== sentMs[k - 1])
  const offGridMs = chunks.map((ms, k) => ms - k * itlMs)
  const onTimeMs = Math.min(...offGridMs)
  return offGridMs.map((ms) => (ms - onTimeMs) * 1000)
}
