import { z } from 'zod'
import { METRICS, type MetricName } from '../metrics/definitions.js'
import { FAILURE_CLASSES } from '../request/failure.js'
import { TOKEN_SOURCES } from '../request/timeline.js'

const finite = z.number()
const count = z.int().min(0)
const text = z.string().max(4096)

const statsEntryData = z.strictObject({
  method: text,
  name: text,
  numRequests: count,
  numFailures: count,
  totalResponseTimeMs: finite,
  minMs: finite.nullable(),
  maxMs: finite,
  totalContentLength: count,
  responseTimes: z.array(z.tuple([finite, count])).max(100_000),
})

const errorEntryData = z.strictObject({
  method: text,
  name: text,
  error: text,
  occurrences: count,
  firstSeenMs: finite,
  lastSeenMs: finite,
})

const histogramData = z.strictObject({
  count,
  sum: finite,
  min: finite,
  max: finite,
  clamped: count,
  hdr: z.string().max(1_000_000),
})

const requestCounts = z.strictObject({
  /** Requests sent. */
  sent: count,
  succeeded: count,
  failed: count,
  /** Cut off by us at the end of the run. */
  censored: count,
  /** Arrivals that found no free user when they were due. */
  late: count,
  /** Arrivals that were due, but were never sent because the run ended first. */
  unsent: count,
  /** Generated tokens of all answered requests. */
  outputTokens: count,
  /** Prompt tokens of all answered requests. */
  inputTokens: count,
})
export type RequestCounts = z.infer<typeof requestCounts>

const metricName = z.enum(METRICS.map(({ name }) => name) as [MetricName, ...MetricName[]])

/** What `Stats.takeData` gives and `Stats.merge` adds. */
export const statsData = z.strictObject({
  counts: requestCounts,
  failures: z.partialRecord(z.enum(FAILURE_CLASSES), count),
  tokenSources: z.partialRecord(z.enum(TOKEN_SOURCES), count),
  entries: z.array(statsEntryData).max(1000),
  errors: z.array(errorEntryData).max(2000),
  histograms: z.partialRecord(metricName, histogramData),
  /** Of requests that were cut off before they had a latency: their ages. */
  ages: z.partialRecord(metricName, histogramData),
})
export type StatsData = z.infer<typeof statsData>
