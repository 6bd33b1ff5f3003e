import type { Failure } from './failure.js'
import type { ResponseTap } from './response-tap.js'

/** Where a count of generated tokens came from, best first. */
export const TOKEN_SOURCES = ['usage', 'logprobs', 'token_ids', 'tokenizer', 'chunks'] as const
export type TokenSource = (typeof TOKEN_SOURCES)[number]

/**
 * All that is known of one request. Marks are monotonic milliseconds of the worker's clock; a mark
 * that was not reached is NaN, never zero. "First token" has several meanings, so every mark is
 * kept and a metric names the ones it uses.
 */
export class Timeline {
  /** When the schedule wanted the request sent; NaN in a closed loop, which has no schedule. */
  intendedMs = Number.NaN
  /** Handed to the transport, body ready. Connect time is inside what follows. */
  sentMs = Number.NaN
  /** Response status and headers arrived. */
  headersMs = Number.NaN
  /** First byte of the body. */
  firstByteMs = Number.NaN
  /** First complete event of the stream, whatever it holds; comments do not count. */
  firstEventMs = Number.NaN
  /** First event with a non-empty `choices`, even without text. */
  firstChoicesMs = Number.NaN
  /** First event with generated content of any kind: text, reasoning, tool-call arguments. */
  firstTokenMs = Number.NaN
  /** First event with reasoning. */
  firstReasoningMs = Number.NaN
  /** First event with text that is not reasoning. */
  firstVisibleMs = Number.NaN
  /** Last event with generated content. */
  lastTokenMs = Number.NaN
  /** Last event with a usage object. */
  usageMs = Number.NaN
  /** `[DONE]`. */
  doneMs = Number.NaN
  /** End of the body, or the moment of failure or cancellation. */
  endMs = Number.NaN

  /** Arrival of every event that carried generated content, in order. Of several answers (`n`) only those of the first. */
  readonly chunkMs: number[] = []
  /**
   * Tokens of each of those events by usage, token ids or logprobs; 0 = they are counted in a later
   * one. Empty where every event brought one, or where some did not say.
   */
  readonly chunkTokens: number[] = []
  /** Pieces of generated content that a stream brought, of all answers. */
  chunks = 0
  /**
   * A stream was asked for, but the answer came in one piece: as a JSON body, or nine tenths of its
   * chunks in one read. The server or a proxy buffers; the first token says nothing of the model.
   */
  notStreamed = false

  /** The stream ended in order and with a reason to finish, but without `[DONE]`. */
  withoutDone = false
  /** How the body was compressed, which nobody asks for; null = it was not. Events then have the times of the decompressor’s blocks. */
  contentEncoding: string | null = null
  /** Seconds after which a server that refused the request wants it again (Retry-After); null where it does not say. */
  retryAfterS: number | null = null

  /** Sent on a connection that had to be made first; the time of that is inside the marks. */
  newConnection = false
  /** Sent a second time, on a new connection: the idle one that it was sent on first was closed, and no byte had come back. */
  resent = false
  /** HTTP status; 0 if there was no answer. */
  status = 0
  /** Characters (code points) of all generated text, reasoning included. */
  chars = 0
  /** Generated text, kept only where a tokenizer must count it. */
  text = ''
  /** Bytes of the body as received. */
  bodyBytes = 0
  finishReason: string | null = null

  /** From the server's usage object; null where it sent none. */
  promptTokens: number | null = null
  completionTokens: number | null = null
  cachedTokens: number | null = null
  /** Tokens counted from logprobs or token ids in the answer; 0 where it has none. */
  logprobTokens = 0
  idTokens = 0

  failure: Failure | null = null
  /** Cut off by us at the end of the run: neither answered nor failed. */
  censored = false

  /** Who wants the bytes of the body as they come, where frames are kept. */
  tap: ResponseTap | null = null

  constructor(
    /** Position of the request in the run's global order; decides its content. */
    readonly index: number,
    /** Tokens of the prompt as the workload counted them; null where it could only estimate. */
    readonly plannedPromptTokens: number | null,
  ) {}
}

/** The instant that decides to which part of a run a request belongs: when it was due, or sent where nothing was planned. */
export const startOf = ({ intendedMs, sentMs }: Timeline): number => (isSet(intendedMs) ? intendedMs : sentMs)

/** Whether a mark was reached. */
export const isSet = (markMs: number): boolean => !Number.isNaN(markMs)
