import { SecondCounts, type StatsEntryData } from '@llmload/core'

/** A delta covers about a second; its middle says which one. */
const HALF_DELTA_MS = 500

/** Locust's current rates of every row of a table. */
export class LiveRates {
  readonly #rows = new Map<string, { requests: SecondCounts; failures: SecondCounts }>()
  #startMs = 0

  /** The start of the run, on the clock of the deltas: seconds are counted from there. */
  startAt(startMs: number): void {
    this.#startMs = startMs
  }

  /** What a delta that ended at `untilMs` added to a row. */
  add(added: Pick<StatsEntryData, 'method' | 'name' | 'numRequests' | 'numFailures'>, untilMs: number): void {
    const second = Math.floor(this.#secondsAt(untilMs - HALF_DELTA_MS))
    const row = this.#rows.get(keyOf(added)) ?? { requests: new SecondCounts(), failures: new SecondCounts() }
    this.#rows.set(keyOf(added), row)
    row.requests.add(second, added.numRequests)
    row.failures.add(second, added.numFailures)
  }

  /** Current rates of a row of a table that was begun at `sinceMs`. */
  of(
    row: { readonly method: string; readonly name: string },
    nowMs: number,
    sinceMs: number,
  ): { reqPerS: number; failPerS: number } {
    const counts = this.#rows.get(keyOf(row))
    const rate = (of: SecondCounts | undefined): number =>
      of?.currentPerS(this.#secondsAt(nowMs), this.#secondsAt(sinceMs)) ?? 0
    return { reqPerS: rate(counts?.requests), failPerS: rate(counts?.failures) }
  }

  #secondsAt(instantMs: number): number {
    return (instantMs - this.#startMs) / 1000
  }
}

const keyOf = ({ method, name }: { readonly method: string; readonly name: string }): string => `${method} ${name}`
