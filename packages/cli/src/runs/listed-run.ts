import { basename } from 'node:path'
import type { RunReport } from '@llmload/core'
import { type StoredRun, shortId } from '@llmload/master'

/** What a list shows of a run, and `llmload runs --json` prints. Null = not known, or not measured. */
export interface ListedRun {
  /** That llmload report takes. */
  readonly id: string
  readonly folder: string
  /** Unreadable = written by another version, or broken. */
  readonly state: StoredRun['state'] | 'unreadable'
  /** Null also where it has not ended. */
  readonly exitCode: number | null
  readonly startedAt: string | null
  readonly target: string | null
  readonly model: string | null
  readonly qps: number | null
  readonly users: number | null
  /** Of the window that the numbers are about. */
  readonly lengthS: number | null
  readonly requests: number | null
  readonly failRatio: number | null
  readonly ttftP50Ms: number | null
  readonly ttftP99Ms: number | null
  readonly verdict: RunReport['verdict'] | null
}

export function listed({ folder, environment, plan, state, outcome, totals }: StoredRun): ListedRun {
  const report = totals?.report
  const ttft = report?.metrics.time_to_first_token
  return {
    id: shortId(plan.runId),
    folder,
    state,
    exitCode: outcome?.exitCode ?? null,
    startedAt: environment.createdAt,
    target: plan.target.baseUrl,
    model: plan.target.model,
    qps: plan.load.qps,
    users: plan.load.users,
    lengthS: report?.window.lengthS ?? null,
    requests: report?.requests.sent ?? null,
    failRatio: report?.requests.failRatio ?? null,
    ttftP50Ms: ttft?.p50 ?? null,
    ttftP99Ms: ttft?.p99 ?? null,
    verdict: report?.verdict ?? null,
  }
}

/** Its name is all that is known. */
export function unreadable(folder: string): ListedRun {
  const unknown = { exitCode: null, startedAt: null, target: null, model: null, qps: null, users: null }
  const unmeasured = { lengthS: null, requests: null, failRatio: null, ttftP50Ms: null, ttftP99Ms: null, verdict: null }
  return { id: basename(folder), folder, state: 'unreadable', ...unknown, ...unmeasured }
}
