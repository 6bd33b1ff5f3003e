import { PerformanceObserver } from 'node:perf_hooks'

export interface GcTime {
  readonly totalMs: number
  readonly longestMs: number
}

/** Time that this process spends in garbage collection, during which nothing else of it runs. */
export class GarbageCollection {
  #totalMs = 0
  #longestMs = 0
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      this.#totalMs += duration
      this.#longestMs = Math.max(this.#longestMs, duration)
    }
  })

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** Since the last read. */
  read(): GcTime {
    const time = { totalMs: this.#totalMs, longestMs: this.#longestMs }
    this.#totalMs = 0
    this.#longestMs = 0
    return time
  }

  close(): void {
    this.#observer.disconnect()
  }
}
