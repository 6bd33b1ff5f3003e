import { z } from 'zod'
import { METRICS, type MetricName } from '../metrics/definitions.js'
import { type PercentileName, REPORTED_PERCENTILES } from '../metrics/percentiles.js'
import { planSchema } from '../plan-schema.js'
import { FAILURE_CLASSES } from '../request/failure.js'
import { ODDITIES } from '../request/oddity.js'
import { TOKEN_SOURCES } from '../request/timeline.js'
import { CHECKED_TOKENS, tokenCheckSchema } from '../request/token-check.js'
import { LIMITS, type ReasonCode } from '../verdict/limits.js'
import { type Reason, VERDICTS } from '../verdict/verdict.js'

/** Raised when a field changes its meaning or goes away; new fields do not raise it. */
export const REPORT_SCHEMA_VERSION = 1

const count = z.int().min(0)
/** Null = not measured; never a zero in its place. */
const measured = z.number().nullable()
const instant = z.iso.datetime().describe('UTC')

const requests = z.strictObject({
  sent: count.describe('Requests of the window that were sent'),
  succeeded: count,
  failed: count,
  censored: count.describe('Cut off by llmload at the end of the run: neither answered nor failed'),
  late: count.describe('Arrivals that found no free user when they were due'),
  unsent: count.describe('Arrivals that were due but never sent'),
  failures: z.partialRecord(z.enum(FAILURE_CLASSES), count).describe('Failed requests by class'),
  failRatio: measured.describe('failed / (succeeded + failed)'),
  inputTokens: count.nullable().describe('Prompt tokens of answered requests; null = none of them could be counted'),
  outputTokens: count.nullable().describe('Generated tokens of answered requests; null = none could be counted'),
  tokenSources: z
    .partialRecord(z.enum(TOKEN_SOURCES), count)
    .describe('Answered requests by where their tokens were counted'),
  oddities: z
    .partialRecord(z.enum(ODDITIES), count)
    .describe('Requests by what was done otherwise than asked, without failing; one may have several'),
  tokenChecks: z
    .partialRecord(z.enum(CHECKED_TOKENS), tokenCheckSchema)
    .describe('The server’s counts held against ours, where ours are exact'),
  sentPerSecond: measured,
  succeededPerSecond: measured,
  inputTokensPerSecond: measured,
  outputTokensPerSecond: measured,
  totalTokensPerSecond: measured.describe('Prompt and generated tokens'),
})

const percentileName = z.enum(Object.keys(REPORTED_PERCENTILES) as [PercentileName, ...PercentileName[]])

const metric = z.strictObject({
  unit: z.enum(['ms', 'tokens', 'tokens/s']),
  count,
  mean: measured,
  min: measured,
  p50: measured,
  p90: measured,
  p95: measured,
  p99: measured,
  p999: measured,
  max: measured,
  censored: count.describe(
    'Requests that were cut off before they had it or, for what counts from the schedule, never sent: it is at least their age, and percentiles count them so',
  ),
  unsupported: z
    .array(percentileName)
    .describe('Percentiles above which too few values lie: the largest of so many may well be below the true one'),
  lowerBounds: z
    .array(z.enum([...percentileName.options, 'max']))
    .describe('What may be larger, because of these; mean and min are of the others alone'),
})
export type ReportedMetric = z.infer<typeof metric>

const metricName = z.enum(METRICS.map(({ name }) => name) as [MetricName, ...MetricName[]])

const entry = z
  .strictObject({
    method: z.string().describe('HTTP method, or METRIC'),
    name: z.string(),
    unit: z.enum(['ms', 'tokens', 'tokens/s']),
    requests: count,
    failures: count,
    average: measured,
    min: measured,
    max: measured,
    median: measured,
    requestsPerSecond: measured,
    failuresPerSecond: measured,
    percentiles: z
      .record(z.string(), measured)
      .describe('By the labels of the percentile table, from the same buckets'),
  })
  .describe('A row of the Locust tables')

const error = z.strictObject({
  method: z.string(),
  name: z.string(),
  error: z.string(),
  occurrences: count,
  firstSeen: instant,
  lastSeen: instant,
})

const reason = z.strictObject({
  code: z.enum(Object.keys(LIMITS) as [ReasonCode, ...ReasonCode[]]),
  verdict: z.enum(['SUSPECT', 'INVALID']),
  worker: z.string().nullable(),
  observed: z.number(),
  limit: z.number().describe('The limit that was exceeded'),
  unit: z.enum(['share', 'ms', 'count']),
  message: z.string(),
  hint: z.string(),
}) satisfies z.ZodType<Reason>

/** How the window of a run came to its end. */
export const WINDOW_ENDS = [
  'run-time',
  'max-requests',
  'interrupted',
  'stopped',
  'aborted',
  'worker-lost',
  'workers-lost',
  'unfinished',
] as const
export type WindowEnd = (typeof WINDOW_ENDS)[number]

const window = z.strictObject({
  phase: z
    .enum(['measured', 'ramp'])
    .describe('ramp: the run ended before its window opened, and the numbers are those of ramp and warm-up'),
  startedAt: instant,
  endedAt: instant,
  lengthS: z.number(),
  endedBy: z.enum(WINDOW_ENDS),
  endReason: z.string().nullable().describe('Why, where that takes a sentence'),
  rampRequests: count.describe(
    'Requests of ramp and warm-up, before the window; their numbers are not part of the report',
  ),
})

const worker = z.strictObject({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  joinedAtS: measured.describe('When it joined, after the start of the run; null = before'),
  loadShare: z.number().describe('Of the whole load, 0…1, on average over the window'),
  shares: z
    .array(z.strictObject({ fromS: z.number(), loadShare: z.number() }))
    .describe('Its shares, one after the other'),
  away: z
    .array(z.strictObject({ fromS: z.number(), untilS: measured, how: z.string() }))
    .describe('When it could not be reached; until null = it did not come back'),
  sent: count.describe('Requests sent in the window'),
  succeeded: count,
  failed: count,
  censored: count,
  lateByMs: measured.describe('How late it started'),
  clock: z
    .strictObject({ offsetMs: z.number(), errorMs: z.number(), driftPpm: measured, driftErrorPpm: measured })
    .nullable()
    .describe(
      'Clock of the master minus clock of the worker as measured last, its drift since the start, and how far off both may be',
    ),
  deltas: count.describe('Reports received'),
  missingDeltas: count,
  lost: z
    .strictObject({
      atS: z.number(),
      loadShare: z.number().describe('Of the whole load, 0…1: what was missing from then on'),
      how: z.string(),
      takenOverAtS: measured.describe('Until the others took it over; null = nobody did'),
      missingShare: z.number().describe('What was missing of the load of the whole window, 0…1'),
    })
    .nullable(),
  leftAtS: measured.describe('When it left in order, its share handed over; null = it did not'),
  tokenizer: z.string().nullable().describe('How prompt lengths were fitted'),
  warnings: z.array(z.string()),
  eluMean: measured,
  eluMax: measured,
  loopDelayP99MsMax: measured,
  cpuCoresMean: measured,
  rssBytesMax: measured,
})
export type ReportedWorker = z.infer<typeof worker>

const environment = z.strictObject({
  node: z.string(),
  os: z.string(),
  arch: z.string(),
  cpus: z.string(),
  cpuCount: count,
  memoryBytes: count,
  host: z.string().describe('Host of the master'),
  workerHosts: z.array(z.string()),
})
export type Environment = z.infer<typeof environment>

const versions = z.strictObject({ llmload: z.string(), protocol: z.int(), schema: z.int() })

/** All that is known of a run when it is over: what `--json` prints. */
export const runReport = z.strictObject({
  verdict: z.enum(VERDICTS).describe('Whether the numbers say something about the server'),
  reasons: z.array(reason).describe('Why the verdict is not VALID, worst first'),
  requests,
  metrics: z.record(metricName, metric),
  entries: z.array(entry),
  errors: z.array(error),
  notes: z.array(z.string()).describe('What a reader of the numbers should know, in sentences'),
  window,
  stages: z
    .array(
      z.strictObject({
        fromS: z.number().describe('Begin, after the opening of the window'),
        lengthS: z.number(),
        requests,
        metrics: z.record(metricName, metric),
      }),
    )
    .describe('The same numbers for each stage of the plan that was reached, by when a request started'),
  changes: z
    .array(z.strictObject({ atS: z.number(), qps: measured, users: count }))
    .describe('How the level of the load was changed while it went on'),
  plan: planSchema,
  workers: z.array(worker),
  environment,
  versions,
})
export type RunReport = z.infer<typeof runReport>

/** JSON schema of what `--json` prints. */
export function runReportJsonSchema(): object {
  return { $id: 'run-report.schema.json', title: 'Report of an llmload run', ...z.toJSONSchema(runReport) }
}
