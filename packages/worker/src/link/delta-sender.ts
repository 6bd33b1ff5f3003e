import type { Clock } from '@llmload/core'
import { HealthMonitor } from '../health/health-monitor.js'
import type { LoadRun } from '../load/load-run.js'
import type { RequestWatch } from '../recording/request-watch.js'
import type { MasterSession } from './master-session.js'

const EVERY_MS = 1000

export interface DeltaSenderOptions {
  readonly session: MasterSession
  readonly run: LoadRun
  readonly clock: Clock
  /** What it knows of single requests goes before the delta that counts them. */
  readonly watch: RequestWatch | null
}

/**
 * Sends what was measured since the last time, once a second, numbered 1, 2, 3, … While the master
 * has not heard some of them, nothing is sent: it adds up, and goes out as one delta afterwards.
 */
export class DeltaSender {
  readonly #options: DeltaSenderOptions
  readonly #health: HealthMonitor
  readonly #timer: NodeJS.Timeout
  #due: NodeJS.Immediate | undefined
  #seq = 0

  constructor(options: DeltaSenderOptions) {
    this.#options = options
    this.#health = new HealthMonitor(options.clock)
    // After all timers that are due: where this process stood still, the probe of the event loop must see it
    // first, for what it has not seen when it is read is lost.
    this.#timer = setInterval(() => {
      const dueMs = options.clock.nowMs()
      this.#due = setImmediate(() => this.#flush(dueMs))
    }, EVERY_MS)
  }

  /** Sends the rest and stops; returns the number of the last delta. */
  finish(): number {
    this.#halt()
    this.#options.watch?.finish()
    this.#send()
    this.#health.close()
    return this.#seq
  }

  /** Stops without: there is nobody to send it to. */
  abandon(): void {
    this.#halt()
    this.#health.close()
  }

  #halt(): void {
    clearInterval(this.#timer)
    clearImmediate(this.#due)
  }

  #flush(dueMs: number): void {
    if (!this.#options.session.takesDelta) return
    this.#options.watch?.flush(this.#seq + 1)
    this.#send(dueMs)
  }

  #send(dueMs?: number): void {
    const { session, run, clock } = this.#options
    session.send({
      type: 'delta',
      seq: ++this.#seq,
      untilMs: clock.nowMs() + session.clock.offsetMs,
      ramp: run.recorder.ramp.takeData(),
      measured: run.recorder.measured.takeData(),
      stages: run.recorder.stages.map((stage) => stage.takeData()),
      users: run.users,
      inFlight: run.inFlight,
      health: this.#health.read(dueMs),
    })
  }
}
