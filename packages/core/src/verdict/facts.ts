import type { RequestCounts } from '../protocol/stats-data.js'
import type { HealthTotals } from './health-totals.js'

/** What the verdict looks at, of the window that is reported. */
export interface RunFacts {
  readonly counts: RequestCounts
  /** With `--qps`: there is a schedule that can be missed. */
  readonly openLoop: boolean
  /** 95th percentile of the schedule lag; null where there is none. */
  readonly lagP95Ms: number | null
  /** What three arrivals of four stayed within. */
  readonly lagP75Ms: number | null
  /** Requests that failed for want of something on this side: see `isClientError`. */
  readonly clientErrors: number
  /** Median of the latency that a reader looks at first: TTFT of a stream, E2E else. */
  readonly latencyP50Ms: number | null
  /** Its 99th percentile. */
  readonly latencyP99Ms: number | null
  /** Median gap between events or tokens of a stream, the longer of both; the latency above where there are none. */
  readonly finestP50Ms: number | null
  readonly workers: readonly WorkerFacts[]
}

export interface WorkerFacts {
  readonly id: string
  readonly lost: LossFacts | null
  /** How late it started; null if it never said so. */
  readonly lateByMs: number | null
  /** Deltas that never arrived though later ones did. */
  readonly missingDeltas: number
  /** Of all its seconds. */
  readonly health: HealthTotals
}

/** A worker that did not do its share to the end. */
export interface LossFacts {
  /** Seconds after the start of the run. */
  readonly atS: number
  /** Its share of the load, 0…1: what was missing from then on … */
  readonly loadShare: number
  /** … until the others took it over, in seconds after the start; null = nobody did. */
  readonly takenOverAtS: number | null
  /** What was missing of the load of the whole window, 0…1. */
  readonly missingShare: number
  readonly how: string
}
