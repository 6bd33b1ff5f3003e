import { type HealthTotals, NO_HEALTH, type WorkerHealth, withSecond } from '@llmload/core'
import type { RunWindow } from './run-window.js'

type PhaseName = RunWindow['phase']

interface Second {
  readonly health: WorkerHealth
  readonly untilMs: number
  /** To which it belongs; null = to none. */
  readonly phase: PhaseName | null
}

/** How one worker fared: its last second, and all before added up by phase. */
export class HealthAccount {
  readonly #totals = { ramp: NO_HEALTH, measured: NO_HEALTH }
  #last: Second | null = null

  /** Of its last report; null before the first. */
  get latest(): WorkerHealth | null {
    return this.#last?.health ?? null
  }

  /** Takes a second that ended at `untilMs`. */
  add(health: WorkerHealth, untilMs: number, phase: PhaseName | null): void {
    if (this.#last?.phase)
      this.#totals[this.#last.phase] = withSecond(this.#totals[this.#last.phase], this.#last.health)
    this.#last = { health, untilMs, phase }
  }

  /** All seconds of a window. Only the last may reach beyond its end, which may be known later than that second. */
  within({ phase, endMs }: Pick<RunWindow, 'phase' | 'endMs'>): HealthTotals {
    const last = this.#last
    const isWithin = last?.phase === phase && last.untilMs <= endMs
    return isWithin ? withSecond(this.#totals[phase], last.health) : this.#totals[phase]
  }
}
