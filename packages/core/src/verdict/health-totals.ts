import type { WorkerHealth } from '../protocol/messages.js'
import { BUSY_ELU, SATURATED_ELU, STALL_MS, STOLEN_BY_HOST, STOLEN_CPU, THROTTLED_MS } from './limits.js'

/** How a worker fared over many seconds, as far as checks and reports want to know; as long for a day as for a minute. */
export interface HealthTotals {
  readonly seconds: number
  /** Seconds in which the event loop was busy, or more than that … */
  readonly busy: number
  readonly saturated: number
  /** … that somebody else took from it … */
  readonly stolen: number
  readonly throttled: number
  readonly stealing: number
  /** … and in which it stood still. */
  readonly stalled: number
  readonly stalledMs: number
  readonly loopDelayMaxMs: number
  readonly loopDelayP99MaxMs: number
  readonly loopDelayP99SumMs: number
  readonly stampDelaySumMs: number
  readonly stampDelayMaxMs: number
  readonly eluSum: number
  readonly eluMax: number
  readonly cpuCoresSum: number
  readonly throttledSumMs: number
  readonly stealSum: number
  readonly gcSumMs: number
  readonly gcMaxMs: number
  readonly rssMaxBytes: number
  readonly memoryLimitBytes: number
  /** Most that was used of it, 0…1. */
  readonly memoryShareMax: number
}

export const NO_HEALTH: HealthTotals = {
  ...{ seconds: 0, busy: 0, saturated: 0, stolen: 0, throttled: 0, stealing: 0 },
  ...{ stalled: 0, stalledMs: 0, loopDelayMaxMs: 0, loopDelayP99MaxMs: 0, loopDelayP99SumMs: 0 },
  ...{ stampDelaySumMs: 0, stampDelayMaxMs: 0 },
  ...{ eluSum: 0, eluMax: 0, cpuCoresSum: 0, throttledSumMs: 0, stealSum: 0, gcSumMs: 0, gcMaxMs: 0 },
  ...{ rssMaxBytes: 0, memoryLimitBytes: 0, memoryShareMax: 0 },
}

/** With one second more. */
export function withSecond(totals: HealthTotals, second: WorkerHealth): HealthTotals {
  const { elu, cpuCores, stampDelayMs, loopDelayMaxMs, gcMs, gcMaxMs, rssBytes, memoryLimitBytes } = second
  const throttledMs = second.throttledMs ?? 0
  const stealShare = second.stealShare ?? 0
  const stalledMs = loopDelayMaxMs > STALL_MS ? loopDelayMaxMs : 0
  return {
    seconds: totals.seconds + 1,
    busy: totals.busy + Number(elu > BUSY_ELU),
    saturated: totals.saturated + Number(elu > SATURATED_ELU),
    stolen: totals.stolen + Number(elu - cpuCores > STOLEN_CPU),
    throttled: totals.throttled + Number(throttledMs > THROTTLED_MS),
    stealing: totals.stealing + Number(stealShare > STOLEN_BY_HOST),
    // One per second is seen, the longest: a second has room for few.
    stalled: totals.stalled + Number(stalledMs > 0),
    stalledMs: totals.stalledMs + stalledMs,
    loopDelayMaxMs: Math.max(totals.loopDelayMaxMs, loopDelayMaxMs),
    loopDelayP99MaxMs: Math.max(totals.loopDelayP99MaxMs, second.loopDelayP99Ms),
    loopDelayP99SumMs: totals.loopDelayP99SumMs + second.loopDelayP99Ms,
    stampDelaySumMs: totals.stampDelaySumMs + stampDelayMs,
    stampDelayMaxMs: Math.max(totals.stampDelayMaxMs, stampDelayMs),
    eluSum: totals.eluSum + elu,
    eluMax: Math.max(totals.eluMax, elu),
    cpuCoresSum: totals.cpuCoresSum + cpuCores,
    throttledSumMs: totals.throttledSumMs + throttledMs,
    stealSum: totals.stealSum + stealShare,
    gcSumMs: totals.gcSumMs + gcMs,
    gcMaxMs: Math.max(totals.gcMaxMs, gcMaxMs),
    rssMaxBytes: Math.max(totals.rssMaxBytes, rssBytes),
    memoryLimitBytes,
    memoryShareMax: Math.max(totals.memoryShareMax, memoryLimitBytes > 0 ? rssBytes / memoryLimitBytes : 0),
  }
}
