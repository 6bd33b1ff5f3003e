import { totalmem } from 'node:os'
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Clock, WorkerHealth } from '@llmload/core'
import { groupFolders, memoryLimitBytes, Throttling, textOf } from './control-group.js'
import { GarbageCollection } from './garbage-collection.js'
import { Steal } from './steal.js'

/** Sampling period of the loop-delay probe; an idle loop reads about this much, so it is subtracted. */
const RESOLUTION_MS = 10

/** Watches this process: how busy its event loop is, how late it runs, what it costs, what it is denied. */
export class HealthMonitor {
  readonly #clock: Clock
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #gc = new GarbageCollection()
  readonly #throttling: Throttling
  readonly #steal = new Steal()
  readonly #memoryLimitBytes: number
  #elu: EventLoopUtilization = performance.eventLoopUtilization()
  #cpu = process.cpuUsage()
  #readMs: number
  #lastRssBytes = 0
  /** The delay of the first sample after the last read. */
  #firstDelayMs = 0
  #firstSample: NodeJS.Timeout | undefined

  constructor(clock: Clock) {
    const membership = textOf('/proc/self/cgroup')
    this.#clock = clock
    this.#throttling = new Throttling(groupFolders(membership, 'cpu'))
    this.#memoryLimitBytes = Math.min(memoryLimitBytes(groupFolders(membership, 'memory')), totalmem())
    this.#readMs = clock.nowMs()
    this.#delay.enable()
    this.#watchFirstSample(this.#readMs)
  }

  /**
   * Health since the last read. What stands still between `dueMs` and the end of the read belongs to
   * the next one. The probe of the event loop must have had its turn since: see DeltaSender.
   */
  read(dueMs = this.#clock.nowMs()): WorkerHealth {
    const elu = performance.eventLoopUtilization()
    const cpu = process.cpuUsage()
    const nowMs = this.#clock.nowMs()
    const usedUs = cpu.user + cpu.system - this.#cpu.user - this.#cpu.system
    const gc = this.#gc.read()
    const health = {
      elu: performance.eventLoopUtilization(elu, this.#elu).utilization,
      stampDelayMs: this.#stampDelayMs(nowMs - this.#readMs),
      loopDelayP99Ms: netDelayMs(this.#delay.percentile(99)),
      loopDelayMaxMs: Math.max(netDelayMs(this.#delay.max), this.#firstDelayMs),
      gcMs: gc.totalMs,
      gcMaxMs: gc.longestMs,
      cpuCores: usedUs / 1000 / Math.max(nowMs - this.#readMs, 1),
      throttledMs: this.#throttling.read(),
      stealShare: this.#steal.read(),
      rssBytes: this.#rssBytes(),
      memoryLimitBytes: this.#memoryLimitBytes,
    }
    this.#elu = elu
    this.#cpu = cpu
    this.#readMs = nowMs
    this.#delay.reset()
    this.#watchFirstSample(dueMs)
    return health
  }

  /**
   * A delay of d makes those late that come within it, by d / 2 on average: the sum of d² / 2 over all
   * delays, over the time in which they were. One long delay weighs what it does to time stamps, where
   * percentiles, which count samples, see it once.
   */
  #stampDelayMs(inMs: number): number {
    const { count, mean, stddev } = this.#delay
    const meanMs = mean / 1e6 - RESOLUTION_MS
    const squares = count === 0 ? 0 : count * (meanMs ** 2 + (stddev / 1e6) ** 2)
    return (squares + this.#firstDelayMs ** 2) / 2 / Math.max(inMs, 1)
  }

  /**
   * The histogram needs one sample after a reset before it counts, and is blind until then: in
   * particular for the work that goes with a read, such as sending it.
   */
  #watchFirstSample(fromMs: number): void {
    const dueMs = fromMs + RESOLUTION_MS
    this.#firstDelayMs = 0
    clearTimeout(this.#firstSample)
    this.#firstSample = setTimeout(() => {
      this.#firstDelayMs = Math.max(0, this.#clock.nowMs() - dueMs)
    }, RESOLUTION_MS)
  }

  close(): void {
    clearTimeout(this.#firstSample)
    this.#delay.disable()
    this.#gc.close()
    this.#throttling.close()
    this.#steal.close()
  }

  /** Node opens a file for it, and throws where there is no file handle left: that must not end the worker. */
  #rssBytes(): number {
    try {
      this.#lastRssBytes = process.memoryUsage.rss()
    } catch {
      // The last one will do.
    }
    return this.#lastRssBytes
  }
}

const netDelayMs = (delayNs: number): number => Math.max(0, delayNs / 1e6 - RESOLUTION_MS)
