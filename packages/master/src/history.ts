import type { Delta, HistoryPoint } from '@llmload/core'
import { HistoryBin } from './history-bin.js'

/** Seconds for ten minutes, then bins of ten seconds to two hours, then of a minute for a day … */
const WIDTHS = [
  { widthS: 10, fromAgeS: 600 },
  { widthS: 60, fromAgeS: 7200 },
] as const
/** … then twice as wide with each doubling of the age. */
const DOUBLES = { widthS: 120, fromAgeS: 86_400 } as const

/** How often bins are folded. */
const FOLD_EVERY_S = 60

/** So long after a second most of what is told of it has come in. */
const SETTLED_S = 2

/**
 * A run as a series over time. The longer ago, the coarser, so that it grows with the logarithm of
 * the length of a run. Coarser bins are the sum of finer ones, histograms included: as true as those.
 */
export class History {
  /** In order. */
  #bins: HistoryBin[] = []
  /** Bins to which something was added lately. */
  readonly #filling = new Set<HistoryBin>()
  #startMs = 0
  #newestS = 0
  #foldedS = 0

  /** The start of the run, on the clock of the deltas. */
  startAt(startMs: number): void {
    this.#startMs = startMs
  }

  /**
   * Adds what a worker reports for a time. What can be divided is spread evenly over it; latencies, which
   * cannot, belong to its middle. A delta may be late.
   */
  add(delta: Delta, fromMs: number, untilMs: number): void {
    const untilS = (untilMs - this.#startMs) / 1000
    const fromS = Math.max((fromMs - this.#startMs) / 1000, 0)
    if (!(untilS > fromS)) return
    this.#reach(Math.floor(untilS))
    for (let atS = fromS; atS < untilS; ) {
      const bin = this.#binAt(atS)
      const endS = Math.min(bin.fromS + bin.lengthS, untilS)
      bin.addPart(delta, { forS: endS - atS, share: (endS - atS) / (untilS - fromS) })
      atS = endS
    }
    const middle = this.#binAt((fromS + untilS) / 2)
    for (const data of [delta.ramp, delta.measured]) if (data) middle.addLatencies(data)
  }

  /** In order. Of the seconds before `nowMs`, the last two are left out: not all workers have told of them. */
  points(nowMs = Number.POSITIVE_INFINITY): readonly HistoryPoint[] {
    const endS = (nowMs - this.#startMs) / 1000 - SETTLED_S
    const end = this.#bins.findLastIndex(({ fromS, lengthS }) => fromS + lengthS <= endS) + 1
    return this.#bins.slice(0, end).map((bin) => bin.toPoint())
  }

  /** The bin that an instant falls into; made where there is none. */
  #binAt(atS: number): HistoryBin {
    const last = this.#bins.findLastIndex(({ fromS }) => fromS <= atS)
    const known = this.#bins[last]
    const isInside = known !== undefined && atS < known.fromS + known.lengthS
    const bin = isInside ? known : new HistoryBin(Math.floor(atS), 1)
    if (!isInside) this.#bins.splice(last + 1, 0, bin)
    this.#filling.add(bin)
    return bin
  }

  /** Time has come to a second: what is old can rest. */
  #reach(second: number): void {
    if (second <= this.#newestS) return
    this.#newestS = second
    for (const bin of this.#filling) {
      if (bin.fromS + bin.lengthS > second - SETTLED_S) continue
      bin.rest()
      this.#filling.delete(bin)
    }
    if (second - this.#foldedS >= FOLD_EVERY_S) this.#fold()
  }

  #fold(): void {
    this.#foldedS = this.#newestS
    const bins: HistoryBin[] = []
    for (const bin of this.#bins) {
      const widthS = Math.max(widthAt(bin.fromS, this.#newestS), bin.lengthS)
      const fromS = bin.fromS - (bin.fromS % widthS)
      const last = bins.at(-1)
      if (last?.fromS === fromS) {
        last.merge(bin)
        this.#filling.add(last)
      } else if (widthS === bin.lengthS) {
        bins.push(bin)
        continue
      } else {
        const wider = new HistoryBin(fromS, widthS)
        wider.merge(bin)
        bins.push(wider)
        this.#filling.add(wider)
      }
      this.#filling.delete(bin)
    }
    this.#bins = bins
  }
}

/** How wide the bin of a second may be: all of it must be old enough. */
function widthAt(second: number, newestS: number): number {
  const isOld = (widthS: number, ageS: number): boolean => second - (second % widthS) + widthS <= newestS - ageS
  let width = 1
  for (const { widthS, fromAgeS } of WIDTHS) if (isOld(widthS, fromAgeS)) width = widthS
  let { widthS, fromAgeS } = DOUBLES
  for (; isOld(widthS, fromAgeS); widthS *= 2, fromAgeS *= 2) width = widthS
  return width
}
