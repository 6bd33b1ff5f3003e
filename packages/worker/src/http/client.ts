import type { Timeline } from '@llmload/core'

/** A request that is ready to go; where to and with which headers is the same for all of a run. */
export interface OutgoingRequest {
  readonly body: Buffer
}

/** A request that was sent and is not over. */
export interface Inflight {
  /** Cuts the request off: marks its timeline censored, closes its socket and calls its `onDone`, at once. Nothing once it is over. */
  cancel(): void
}

/** Sends requests to the target of a run. It never throws on what the network does: that is in the timelines. */
export interface HttpClient {
  /**
   * Sends at once. `timeline` is finished when `onDone` is called: once, and never before `send` has
   * returned. Throws after `close`: whoever still sends then would wait for ever.
   */
  send(request: OutgoingRequest, timeline: Timeline, onDone: () => void): Inflight
  /** Cancels what is in flight and closes every socket. */
  close(): Promise<void>
}
