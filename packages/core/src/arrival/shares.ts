import type { Assignment, WorkerShare } from '../assignment.js'

/** The shares that a worker has of the load, over time. */
export class Shares {
  /** In order of time: the last one whose instant has come holds. */
  #assignments: Assignment[] = []

  constructor(assignments: readonly Assignment[]) {
    for (const assignment of assignments) this.add(assignment)
  }

  /** A later assignment takes the place of all that would begin after it. */
  add(assignment: Assignment): void {
    this.#assignments = [...this.#assignments.filter(({ fromMs }) => fromMs < assignment.fromMs), assignment]
  }

  /** When the first one begins to hold, in ms after the start; Infinity = there is none. */
  get fromMs(): number {
    return this.#assignments[0]?.fromMs ?? Number.POSITIVE_INFINITY
  }

  /** The assignment at an instant, in ms after the start; null = none yet. */
  at(ms: number): Assignment | null {
    return this.#assignments.findLast(({ fromMs }) => fromMs <= ms) ?? null
  }

  /** When another assignment begins to hold, at the earliest after an instant; Infinity = none is known. */
  nextChangeMs(afterMs: number): number {
    return this.#assignments.find(({ fromMs }) => fromMs > afterMs)?.fromMs ?? Number.POSITIVE_INFINITY
  }

  /** Nothing belongs to this worker from an instant on, as far as is known. */
  endBy(ms: number): boolean {
    const last = this.#assignments.at(-1)
    return !last || (last.share === null && last.fromMs <= ms)
  }

  /** Whether arrival `index`, due at an instant, belongs to this worker. */
  own(index: number, ms: number): boolean {
    return holds(this.at(ms)?.share ?? null, index)
  }
}

/** Whether number `index` falls to a share. */
export const holds = (share: WorkerShare | null, index: number): boolean =>
  share !== null && index >= share.index && (index - share.index) % share.count === 0

/** How many of the numbers 0 … total − 1 fall to a share. */
export const countOf = (share: WorkerShare | null, total: number): number =>
  share === null ? 0 : Math.max(0, Math.ceil((total - share.index) / share.count))

/** Requests of the measured window that a worker may send: its part of an exact total; without one Infinity. */
export const quotaOf = (share: WorkerShare | null, maxRequests: number | null): number =>
  maxRequests === null ? Number.POSITIVE_INFINITY : countOf(share, maxRequests)
