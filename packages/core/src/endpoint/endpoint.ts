import type { Plan, TargetPlan } from '../plan.js'
import type { Timeline } from '../request/timeline.js'
import type { JsonObject } from './json.js'

/** How one kind of server is asked and understood. Stateless; one for the whole run. */
export interface Endpoint {
  /** Path to post to, without the prefix that the base URL may have; it names the row in the tables. */
  requestPath(target: TargetPlan): string
  /** The JSON text to post. */
  requestBody(plan: Plan, prompt: string): string
  /** Reader of one answer, which writes what it learns into the timeline. */
  answer(timeline: Timeline, wanted: AnswerWish): Answer
}

/** What is wanted of an answer besides its marks and counts. */
export interface AnswerWish {
  readonly keepText: boolean
  /** Whether text between `<think>` and `</think>` is reasoning. */
  readonly thinkTags: boolean
}

/** What one answer says, piece by piece. Both readers return the server's words where a piece is an error, else null. */
export interface Answer {
  /**
   * Looks at the event whose JSON object begins at `at`, without taking it. Returns the index behind
   * the object if it is of the common kind, which `skimmed` may then take; else -1, for `event` to take it.
   */
  skim(bytes: Buffer, at: number, end: number): number
  /** Takes the event that was skimmed last, from the same bytes. */
  skimmed(bytes: Buffer, atMs: number): void
  /** One event of a stream, which arrived at `atMs`. */
  event(event: JsonObject, atMs: number): string | null
  /** The whole body of an answer that is not streamed. Sets counts, but no marks of tokens. */
  body(body: JsonObject): string | null
  /** Answers (of `n`) of which the server said that they are over. */
  readonly finished: number
  /** All generated text, reasoning and tool calls included, one answer of `n` after the other; empty where it is not kept. */
  readonly text: string
}
