import type { Clock } from '@llmload/core'
import { HealthMonitor } from '../health/health-monitor.js'
import type { LoadRun } from '../load/load-run.js'
import type { MasterLink } from './master-link.js'

const EVERY_MS = 1000

/** Sends what was measured since the last time, once a second, numbered 1, 2, 3, … */
export class DeltaSender {
  readonly #link: MasterLink
  readonly #run: LoadRun
  readonly #clock: Clock
  readonly #offsetMs: number
  readonly #health: HealthMonitor
  readonly #timer: NodeJS.Timeout
  #seq = 0

  constructor(link: MasterLink, run: LoadRun, clock: Clock, offsetMs: number) {
    this.#link = link
    this.#run = run
    this.#clock = clock
    this.#offsetMs = offsetMs
    this.#health = new HealthMonitor(clock)
    this.#timer = setInterval(() => this.#send(), EVERY_MS)
  }

  /** Sends the rest and stops; returns the number of the last delta. */
  finish(): number {
    clearInterval(this.#timer)
    this.#send()
    this.#health.close()
    return this.#seq
  }

  #send(): void {
    this.#link.send({
      type: 'delta',
      seq: ++this.#seq,
      untilMs: this.#clock.nowMs() + this.#offsetMs,
      ramp: this.#run.recorder.ramp.takeData(),
      measured: this.#run.recorder.measured.takeData(),
      users: this.#run.users,
      inFlight: this.#run.inFlight,
      health: this.#health.read(),
    })
  }
}
