/** What decides when the users of a worker send their requests. */
export interface Loop {
  userStarted(user: number): void
  /** One user fewer: it goes when it has no request in flight. */
  userRetires(): void
  /** Requests may be sent again, after they might not. */
  resume(): void
  /** This worker was not allowed to load from one instant to another: what was due in between and is its own is missed. */
  lapsed(fromMs: number, untilMs: number): void
  /** What was due until an instant, and was not sent, is not asked for. */
  passOver(untilMs: number): void
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
  /**
   * Whether requests may be sent now. If not, what is due waits; of what comes of it the loop is told by `lapsed` or
   * `passOver`, before `resume`.
   */
  readonly maySend: () => boolean
}
