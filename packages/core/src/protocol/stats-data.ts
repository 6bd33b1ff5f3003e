import { z } from 'zod'
import { messageOf } from '../errors.js'
import { METRICS, type MetricName } from '../metrics/definitions.js'
import { MAX_DISTINCT_ERRORS } from '../metrics/error-entry.js'
import { checkHistogram } from '../metrics/histogram-data.js'
import { checkStatsEntry, MAX_ROWS } from '../metrics/stats-entry.js'
import { FAILURE_CLASSES } from '../request/failure.js'
import { ODDITIES } from '../request/oddity.js'
import { TOKEN_SOURCES } from '../request/timeline.js'
import { CHECKED_TOKENS, tokenCheckSchema } from '../request/token-check.js'

const finite = z.number()
const count = z.int().min(0)
/** Stands in tables on terminals, which it must not drive. */
const text = z
  .string()
  .max(4096)
  .overwrite((text) => text.replace(/\p{Cc}+/gu, ' '))

/** Right not only in its types: `check` throws on what cannot be. */
function possible<Data>(schema: z.ZodType<Data>, check: (data: Data) => void): z.ZodType<Data> {
  return schema.superRefine((data, context) => {
    try {
      check(data)
    } catch (error) {
      context.addIssue(messageOf(error))
    }
  })
}

const statsEntryData = z.strictObject({
  method: text,
  name: text,
  numRequests: count,
  numFailures: count,
  totalResponseTimeMs: finite,
  minMs: finite.nullable(),
  maxMs: finite,
  totalContentLength: count,
  responseTimes: z.string(),
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
  counts: z.string(),
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

const histograms = z.partialRecord(metricName, possible(histogramData, checkHistogram))

/** What `Stats.takeData` gives and `Stats.merge` adds. */
export const statsData = z.strictObject({
  counts: requestCounts,
  failures: z.partialRecord(z.enum(FAILURE_CLASSES), count),
  tokenSources: z.partialRecord(z.enum(TOKEN_SOURCES), count),
  oddities: z.partialRecord(z.enum(ODDITIES), count),
  tokenChecks: z.partialRecord(z.enum(CHECKED_TOKENS), tokenCheckSchema),
  entries: z.array(possible(statsEntryData, checkStatsEntry)).max(MAX_ROWS),
  errors: z.array(errorEntryData).max(MAX_DISTINCT_ERRORS + MAX_ROWS),
  histograms,
  /** Of requests that were cut off before they had a latency: their ages. */
  ages: histograms,
})
export type StatsData = z.infer<typeof statsData>
