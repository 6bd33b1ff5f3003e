import {
  allSpawnedAtMs,
  type LoadPlan,
  measuredFromMs,
  measuredUntilMs,
  type RequestPhase,
  timesOf,
} from '@llmload/core'

/**
 * The instants that a plan fixes once the start of its run is known, on this worker's clock. Each is the start
 * and its distance from it, as the instants of arrivals are: so what falls together in the plan does here.
 */
export class RunTimes {
  readonly startMs: number
  /** The measured window opens. */
  readonly measuredFromMs: number
  /** It closes; Infinity = when something else ends it. */
  readonly measuredUntilMs: number
  /** The stages of the plan begin, in order. */
  readonly stagesFromMs: readonly number[]
  readonly #spawnedAtMs: number

  constructor(load: LoadPlan, startMs: number) {
    this.startMs = startMs
    this.#spawnedAtMs = startMs + allSpawnedAtMs(load)
    this.measuredFromMs = startMs + measuredFromMs(load)
    this.measuredUntilMs = startMs + measuredUntilMs(load)
    this.stagesFromMs = timesOf(load).map(({ fromMs }) => startMs + fromMs)
  }

  /** The phase of a request that starts at an instant. */
  phaseAt(ms: number): RequestPhase {
    if (ms >= this.measuredFromMs) return 'measured'
    return ms >= this.#spawnedAtMs ? 'warmup' : 'ramp'
  }

  /** Whether an instant lies in the measured window; NaN does not. */
  isMeasured(ms: number): boolean {
    return ms >= this.measuredFromMs && ms < this.measuredUntilMs
  }
}
