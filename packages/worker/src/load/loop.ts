/** What may become of a request that is due now. */
export type Admission =
  | 'send'
  /** This worker may not load now. Whether the request was its own is known when it may again: see `lapsed`. */
  | 'wait'
  /** Nothing is asked of this worker any more: there is no such request. */
  | 'skip'

/** What decides when the users of a worker send their requests. */
export interface Loop {
  userStarted(user: number): void
  /** One user fewer: it goes when it has no request in flight. */
  userRetires(): void
  /** Requests that were not admitted may be now. */
  resume(): void
  /** This worker was not allowed to load from one instant to another: what was due in between and is its own is missed. */
  lapsed(fromMs: number, untilMs: number): void
  /** Share or rate are different from some instant on. */
  changed(): void
  /** Indices of the requests to come, as far as is known now. */
  ahead(): Iterator<number>
  /** When requests were due, in [fromMs, untilMs), that are not sent yet. */
  takeUnsent(fromMs: number, untilMs: number): number[]
  stop(): void
}

export interface LoopOptions {
  /**
   * Sends request `index` of the run. `free` is called when its user has no request in flight any more;
   * `intendedMs` is when it was due by the schedule, on the clock, NaN without a schedule; `late` = it had to wait
   * for a free user.
   */
  readonly send: (request: { index: number; intendedMs: number; late: boolean }, free: () => void) => void
  readonly admission: () => Admission
}
