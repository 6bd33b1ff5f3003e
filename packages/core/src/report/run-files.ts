import { z } from 'zod'
import type { Plan } from '../plan.js'
import { statsData } from '../protocol/stats-data.js'
import { runReport } from './run-report.js'

/** Raised when a file of a run's folder changes its meaning or goes away; new fields do not raise it. */
export const RUN_FOLDER_FORMAT = 1

const anyEnvironment = z.object({ format: z.int(), llmload: z.string() })

const environment = anyEnvironment.extend({
  format: z.literal(RUN_FOLDER_FORMAT),
  createdAt: z.iso.datetime(),
  host: z.string(),
  pid: z.int(),
  /** When the process began, as the kernel says it: tells it from a later one of the same number. Null = not known. */
  processStart: z.string().nullable(),
})
/** Who carries a run out. */
export type EnvironmentFile = z.infer<typeof environment>

/** `atS`: seconds since the start of the load. */
const totals = z.object({ atS: z.number(), report: runReport, stats: statsData })
/** All that the outputs of a run are made from, as it was at one moment or is at the end. */
export type TotalsFile = z.infer<typeof totals>

const outcome = z.object({
  endedAt: z.iso.datetime(),
  exitCode: z.int(),
  /** Code of the error that ended it; null = it was carried out. */
  error: z.string().nullable(),
})
/** How a run ended; there once it has. */
export type OutcomeFile = z.infer<typeof outcome>

/** Guards, not parsers: the value stays as it was written, its members in their order. */
const guard =
  <T>(schema: z.ZodType<T>) =>
  (value: unknown): value is T =>
    schema.safeParse(value).success

/** Of a folder of any format. */
export const isAnyEnvironment = guard(anyEnvironment)
export const isEnvironmentFile = guard(environment)
export const isPlan = guard<Plan>(runReport.shape.plan)
export const isTotalsFile = guard(totals)
export const isOutcomeFile = guard(outcome)
