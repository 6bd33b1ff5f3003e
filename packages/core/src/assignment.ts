/** Worker `index` of `count` takes the users and arrivals i ≡ index (mod count). */
export interface WorkerShare {
  readonly index: number
  readonly count: number
}

/**
 * From an instant on, a worker has another share of the load. The master gives all workers their
 * assignments for the same instant, ahead of it, so every arrival and every user belongs to exactly
 * one worker at any time.
 */
export interface Assignment {
  /** 0 for the shares at the start of the run, then 1, 2, 3, … for every change. */
  readonly epoch: number
  /** Milliseconds after the start of the run. */
  readonly fromMs: number
  /** Null = nothing from then on. */
  readonly share: WorkerShare | null
}

/** From an instant on, another level of the load than the plan says; the same for all workers. */
export interface LevelChange {
  /** Milliseconds after the start of the run. */
  readonly fromMs: number
  /** Arrivals per second over all workers; null in a closed loop. */
  readonly qps: number | null
  /** Users over all workers. */
  readonly users: number
}
