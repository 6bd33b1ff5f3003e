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
  /** When requests were due, before an instant, that are not sent yet. */
  unsent(untilMs: number): Iterable<number>
  stop(): void
}

/** A request whose time has come. */
export interface DueRequest {
  /** Position in the run's global order. */
  readonly index: number
  /** When it was due by the schedule, on the clock; NaN without a schedule. */
  readonly intendedMs: number
  /** It had to wait for a free user. */
  readonly late: boolean
}

export interface LoopOptions {
  /** `free` is to be called when the user has no request in flight any more. */
  readonly send: (request: DueRequest, free: () => void) => void
  readonly admission: () => Admission
}
