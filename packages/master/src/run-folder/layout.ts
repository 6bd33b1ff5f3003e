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
