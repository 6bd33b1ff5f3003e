import type { RequestCounts, StatsData } from '../protocol/stats-data.js'
import type { FailureClass } from '../request/failure.js'
import type { Oddity } from '../request/oddity.js'
import type { TokenSource } from '../request/timeline.js'
import { bothChecks, type CheckedTokens, type TokenCheck } from '../request/token-check.js'
import type { MetricName } from './definitions.js'
import { ErrorTable } from './error-entry.js'
import { Histogram } from './histogram.js'
import { MAX_ROWS, StatsEntry } from './stats-entry.js'

const COUNT_NAMES = [
  'sent',
  'succeeded',
  'failed',
  'censored',
  'late',
  'unsent',
  'outputTokens',
  'inputTokens',
] as const satisfies readonly (keyof RequestCounts)[]

function noCounts(): Record<keyof RequestCounts, number> {
  return { sent: 0, succeeded: 0, failed: 0, censored: 0, late: 0, unsent: 0, outputTokens: 0, inputTokens: 0 }
}

/**
 * All numbers of one phase of a run: counts, the rows of the tables, errors, one histogram per
 * metric. A worker fills it and takes what is new every second; the master adds that up in one of
 * its own. Adding is commutative and loses nothing.
 */
export class Stats {
  readonly counts = noCounts()
  readonly failures = new Map<FailureClass, number>()
  readonly tokenSources = new Map<TokenSource, number>()
  readonly oddities = new Map<Oddity, number>()
  readonly tokenChecks = new Map<CheckedTokens, TokenCheck>()
  readonly errors = new ErrorTable()
  readonly #entries = new Map<string, StatsEntry>()
  readonly #histograms: Histograms = new Map()
  readonly #ages: Histograms = new Map()

  get entries(): Iterable<StatsEntry> {
    return this.#entries.values()
  }

  /** The row of a table, made on first use as Locust does. */
  entry(method: string, name: string): StatsEntry {
    const key = rowKey(method, name)
    const known = this.#entries.get(key)
    if (known) return known
    const entry = new StatsEntry(method, name)
    this.#entries.set(key, entry)
    return entry
  }

  histogram(name: MetricName): Histogram {
    return histogramOf(this.#histograms, name)
  }

  /** Of requests that were cut off before they had a latency: how old they were, which it is at least. */
  ages(name: MetricName): Histogram {
    return histogramOf(this.#ages, name)
  }

  /** Adds counts of the same tokens by both sides. */
  checkTokens(of: CheckedTokens, check: TokenCheck | undefined): void {
    if (check === undefined) return
    const before = this.tokenChecks.get(of)
    this.tokenChecks.set(of, before ? bothChecks(before, check) : check)
  }

  /** What was added since the last take, or null if that is nothing. */
  takeData(): StatsData | null {
    const sums = this.#sums()
    const data: StatsData = {
      ...sums,
      entries: [...this.#entries.values()].filter((entry) => !entry.isEmpty).map((entry) => entry.takeData()),
      errors: this.errors.takeData(),
      histograms: takeHistograms(this.#histograms),
      ages: takeHistograms(this.#ages),
    }
    Object.assign(this.counts, noCounts())
    this.failures.clear()
    this.tokenSources.clear()
    this.oddities.clear()
    this.tokenChecks.clear()
    const empty =
      COUNT_NAMES.every((name) => sums.counts[name] === 0) && data.entries.length === 0 && data.errors.length === 0
    return empty ? null : data
  }

  /** All that it holds: rows without requests too, which tables show. It stays as it is. */
  toData(): StatsData {
    return {
      ...this.#sums(),
      entries: [...this.#entries.values()].map((entry) => entry.toData()),
      errors: [...this.errors.entries],
      histograms: histogramsData(this.#histograms),
      ages: histogramsData(this.#ages),
    }
  }

  /** Throws a RangeError, and changes nothing, on more rows than a table may have and on errors of none of them. */
  checkRoom({ entries, errors }: StatsData): void {
    const keys = new Set(entries.map(({ method, name }) => rowKey(method, name)))
    const isKnown = (key: string): boolean => keys.has(key) || this.#entries.has(key)
    const added = [...keys].filter((key) => !this.#entries.has(key)).length
    if (this.#entries.size + added > MAX_ROWS) throw new RangeError(`more than ${MAX_ROWS} rows`)
    const stray = errors.find(({ method, name }) => !isKnown(rowKey(method, name)))
    if (stray) throw new RangeError(`an error of ${stray.method} ${stray.name}, of which there were no requests`)
  }

  /** Adds all of what another took, or throws as `checkRoom` does. What comes from elsewhere must fit the schema. */
  merge(data: StatsData): void {
    this.checkRoom(data)
    for (const name of COUNT_NAMES) this.counts[name] += data.counts[name]
    addUp(this.failures, data.failures)
    addUp(this.tokenSources, data.tokenSources)
    addUp(this.oddities, data.oddities)
    for (const name of Object.keys(data.tokenChecks) as CheckedTokens[]) this.checkTokens(name, data.tokenChecks[name])
    for (const entry of data.entries) this.entry(entry.method, entry.name).merge(entry)
    this.errors.merge(data.errors)
    mergeHistograms(this.#histograms, data.histograms)
    mergeHistograms(this.#ages, data.ages)
  }

  #sums() {
    return {
      counts: { ...this.counts },
      failures: Object.fromEntries(this.failures),
      tokenSources: Object.fromEntries(this.tokenSources),
      oddities: Object.fromEntries(this.oddities),
      tokenChecks: Object.fromEntries(this.tokenChecks),
    }
  }
}

const rowKey = (method: string, name: string): string => `${method} ${name}`

type Histograms = Map<MetricName, Histogram>

/** Made on first use: most runs have half of the metrics. */
function histogramOf(histograms: Histograms, name: MetricName): Histogram {
  const known = histograms.get(name)
  if (known) return known
  const histogram = new Histogram()
  histograms.set(name, histogram)
  return histogram
}

function takeHistograms(histograms: Histograms): StatsData['histograms'] {
  const taken: StatsData['histograms'] = {}
  for (const [name, histogram] of histograms) {
    const data = histogram.takeData()
    if (data) taken[name] = data
  }
  return taken
}

function histogramsData(histograms: Histograms): StatsData['histograms'] {
  const filled = [...histograms].filter(([, histogram]) => histogram.count > 0)
  return Object.fromEntries(filled.map(([name, histogram]) => [name, histogram.toData()]))
}

function mergeHistograms(into: Histograms, added: StatsData['histograms']): void {
  for (const name of Object.keys(added) as MetricName[]) {
    const data = added[name]
    if (data) histogramOf(into, name).merge(data)
  }
}

function addUp<Name extends string>(
  into: Map<Name, number>,
  added: { readonly [name in Name]?: number | undefined },
): void {
  for (const name of Object.keys(added) as Name[]) into.set(name, (into.get(name) ?? 0) + (added[name] ?? 0))
}
