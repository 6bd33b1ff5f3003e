import type { Environment } from '@llmload/core'

/** Raised when a field changes its meaning or goes away. */
export const SELFTEST_SCHEMA_VERSION = 1

/** In milliseconds; null = nothing was measured. */
export interface Quantiles {
  readonly n: number
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
}

/**
 * How a step of the ladder ended: measured within the limit; beyond it; the simulator could not send
 * what was asked for; requests failed.
 */
export type StepOutcome = 'within' | 'beyond' | 'simulator' | 'failed'

/** One load, held against the truth. Errors: the client's time stamp minus the true send time. */
export interface LadderStep {
  readonly streams: number
  /** What the streams would bring if nothing were late. */
  readonly offeredTokensPerS: number
  /** What they brought. */
  readonly tokensPerS: number
  readonly outcome: StepOutcome
  readonly failedRequests: number
  /** First chunk of an answer: the error of its time to first token. */
  readonly firstTokenErrorMs: Quantiles
  readonly chunkErrorMs: Quantiles
  readonly endErrorMs: Quantiles
  /** By how much the simulator sent later than it meant to; no part of the errors. */
  readonly simulatorLateMs: Quantiles
  /** What the run reported; `trueTtftMs` is what was asked of the simulator. */
  readonly reportedTtftMs: Quantiles
  readonly reportedItlMs: Quantiles
  /** CPU time of the worker processes. */
  readonly cpuMsPer1000Tokens: number | null
}

/** How late requests left, against the schedule. */
export interface PacingStep {
  readonly ratePerS: number
  readonly sentPerS: number | null
  readonly lagMs: Quantiles
}

export interface SelftestResult {
  readonly schema: typeof SELFTEST_SCHEMA_VERSION
  readonly llmload: string
  readonly date: string
  readonly host: Pick<Environment, 'node' | 'os' | 'arch' | 'cpus' | 'cpuCount' | 'memoryBytes'>
  /** Over the last minute, before the test began; null where the system does not say (Windows). */
  readonly loadAverage: number | null
  readonly processes: number
  readonly limitMs: number
  readonly trueTtftMs: number
  readonly trueItlMs: number
  readonly ladder: readonly LadderStep[]
  readonly pacing: readonly PacingStep[]
  /** The largest rate that was measured within the limit; null = not even the smallest was. */
  readonly measuresUpToTokensPerS: number | null
  readonly verdict: string
  /** A reason to doubt it; null = none. */
  readonly warning: string | null
}
