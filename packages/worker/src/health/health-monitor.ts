import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Clock, WorkerHealth } from '@llmload/core'

/** Sampling period of the loop-delay probe; an idle loop reads about this much, so it is subtracted. */
const RESOLUTION_MS = 10

/** Watches this process: how busy its event loop is, how late it runs, what it costs. */
export class HealthMonitor {
  readonly #clock: Clock
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #elu: EventLoopUtilization = performance.eventLoopUtilization()
  #cpu = process.cpuUsage()
  #readMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#readMs = clock.nowMs()
    this.#delay.enable()
  }

  /** Health since the last read. */
  read(): WorkerHealth {
    const elu = performance.eventLoopUtilization()
    const cpu = process.cpuUsage()
    const nowMs = this.#clock.nowMs()
    const usedUs = cpu.user + cpu.system - this.#cpu.user - this.#cpu.system
    const health = {
      elu: performance.eventLoopUtilization(elu, this.#elu).utilization,
      loopDelayP99Ms: Math.max(0, this.#delay.percentile(99) / 1e6 - RESOLUTION_MS),
      cpuCores: usedUs / 1000 / Math.max(nowMs - this.#readMs, 1),
      rssBytes: process.memoryUsage.rss(),
    }
    this.#elu = elu
    this.#cpu = cpu
    this.#readMs = nowMs
    this.#delay.reset()
    return health
  }

  close(): void {
    this.#delay.disable()
  }
}
