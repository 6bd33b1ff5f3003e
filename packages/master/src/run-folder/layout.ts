import { type HistoryPoint, type RunReport, runReport, type Stats, statsData } from '@llmload/core'
import { z } from 'zod'

/** Raised when something in the folder of a run changes its meaning or goes away; new fields do not raise it. */
export const RUN_FOLDER_FORMAT = 1

/** What is in the folder of a run; docs/run-history.md is for who reads it. */
export const FILES = {
  environment: 'environment.json',
  plan: 'plan.json',
  log: 'llmload.log',
  series: 'series.ndjson',
  history: 'stats_history.csv',
  totals: 'totals.json',
  report: 'report.json',
  summary: 'summary.txt',
  verdict: 'verdict.json',
  outcome: 'outcome.json',
} as const

/** `20261125T073012Z-1a2b3c4d`: names in order are runs in order. */
export function folderName(createdAt: string, runId: string): string {
  return `${createdAt.replace(/[-:]|\.\d+/g, '')}-${shortId(runId)}`
}

export const FOLDER_NAME = /^\d{8}T\d{6}Z-([0-9a-f]{8})$/

export const shortId = (runId: string): string => runId.slice(0, 8)

/** Of a folder of any format. */
export const anyFormat = z.object({ format: z.int(), llmload: z.string() })

/** Who carries the run out, and with what. */
export const environmentFile = z.object({
  format: z.literal(RUN_FOLDER_FORMAT),
  llmload: z.string(),
  createdAt: z.iso.datetime(),
  host: z.string(),
  pid: z.int(),
  /** When the process began, as the kernel says it: tells it from a later one of the same number. Null = not known. */
  processStart: z.string().nullable(),
})
export type EnvironmentFile = z.infer<typeof environmentFile>

/** All that the reports are made from: as it was after so many seconds, or at the end. */
export const totalsFile = z.object({ atS: z.number(), report: runReport, stats: statsData })
export type TotalsFile = z.infer<typeof totalsFile>

export function totalsText(atS: number, report: RunReport, stats: Stats): string {
  return `${JSON.stringify({ atS, report, stats: stats.toData() } satisfies TotalsFile)}\n`
}

/** How it ended; there once it has. */
export const outcomeFile = z.object({
  endedAt: z.iso.datetime(),
  exitCode: z.int(),
  /** Code of the error that ended it; null = it was carried out. */
  error: z.string().nullable(),
})
export type OutcomeFile = z.infer<typeof outcomeFile>

/** One second of the run. */
export function seriesLine(startWallMs: number, point: HistoryPoint): string {
  const time = new Date(startWallMs + point.fromS * 1000).toISOString()
  return `${JSON.stringify({ time, ...point })}\n`
}
