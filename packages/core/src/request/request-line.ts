import { z } from 'zod'
import { FAILURE_CLASSES } from './failure.js'
import { isSet, type Timeline, TOKEN_SOURCES } from './timeline.js'
import { countTokens } from './token-count.js'

/** In which part of a run a request was sent; only those of the last one count in its report. */
export const REQUEST_PHASES = ['ramp', 'warmup', 'measured'] as const
export type RequestPhase = (typeof REQUEST_PHASES)[number]

/** Longest words of a server that go into a line. */
const MAX_WORDS_CHARS = 1000

type MarkName = {
  [Key in keyof Timeline]: Key extends `${string}Ms` ? (Timeline[Key] extends number ? Key : never) : never
}[keyof Timeline]

/** Every mark of a timeline, in the order in which a stream reaches them. */
const MARKS = {
  intendedMs: 'The schedule wanted it sent; null in a closed loop',
  sentMs: 'Handed to the transport, body ready',
  headersMs: 'Status and headers arrived',
  firstByteMs: 'First byte of the body',
  firstEventMs: 'First complete event of the stream',
  firstChoicesMs: 'First event with `choices`',
  firstTokenMs: 'First event with generated content of any kind',
  firstReasoningMs: 'First event with reasoning',
  firstVisibleMs: 'First event with text that is not reasoning',
  lastTokenMs: 'Last event with generated content',
  usageMs: 'Last event with a usage object',
  doneMs: '`[DONE]`',
  endMs: 'End of the body, or the moment of failure or cancellation',
} as const satisfies Record<MarkName, string>

const MARK_NAMES = Object.keys(MARKS) as MarkName[]

const count = z.int().min(0)
const words = z.string().max(MAX_WORDS_CHARS)
/** A number that a server sent, as it sent it. */
const told = z.number().nullable()
const mark = z.number().nullable()

const marks = Object.fromEntries(MARK_NAMES.map((name) => [name, mark.describe(MARKS[name])])) as Record<
  MarkName,
  typeof mark
>

/** What a worker says of one request that is over. */
export const requestOutcome = z.strictObject({
  index: count.describe('Position in the order of all requests of the run; its content follows from it and the seed'),
  phase: z.enum(REQUEST_PHASES).describe('Part of the run in which it was sent; reports show `measured`'),
  ...marks,
  status: count.describe('HTTP status; 0 = there was no answer'),
  newConnection: z.boolean().describe('Its connection had to be made first; else one was used again'),
  contentEncoding: words
    .nullable()
    .describe('How the answer was compressed, though nobody asked for it: events have the times of whole blocks'),
  retryAfterS: told.describe('Retry-After of a refusal, in seconds, also where it was a date; null = there was none'),
  resent: z.boolean().describe('Sent a second time: the idle connection that it was sent on first had been closed'),
  failure: z.enum(FAILURE_CLASSES).nullable().describe('Class of the failure, as in errors.md; null = it did not fail'),
  failureMessage: words.nullable(),
  censored: z.boolean().describe('Cut off by llmload at the end of the run: neither answered nor failed'),
  finishReason: words.nullable(),
  tokens: told.describe('Generated tokens by the best source; null = they could not be counted'),
  tokenSource: z.enum(TOKEN_SOURCES).nullable().describe('Where `tokens` was counted'),
  promptTokens: told.describe('Of the server’s usage'),
  completionTokens: told.describe('Of the server’s usage'),
  cachedTokens: told.describe('Of the server’s usage'),
  plannedPromptTokens: told.describe('Tokens of the prompt as the worker counted them; null = an estimate only'),
  tokenizerTokens: told.describe(
    'Generated tokens as the worker’s tokenizer counts them in the whole text; null = it has none',
  ),
  logprobTokens: count.describe('Tokens counted in logprobs'),
  idTokens: count.describe('Tokens counted in token ids'),
  chunks: count.describe('Events with generated content'),
  coalesced: count.describe(
    'Those of them (of the first answer) that came in the same read as the one before: their gap is 0',
  ),
  chars: count.describe('Characters (code points) of generated text, reasoning included'),
  bodyBytes: count.describe('Bytes of the body'),
  notStreamed: z.boolean().describe('A stream was asked for, and the answer came in one piece'),
  withoutDone: z.boolean().describe('The stream ended with a reason to finish, but without `[DONE]`'),
})
export type RequestOutcome = z.infer<typeof requestOutcome>

/** First line of a request log. */
export const runLine = z.strictObject({
  type: z.literal('run'),
  format: z.literal(1).describe('Raised when a field changes its meaning or goes away'),
  llmload: z.string().describe('Version'),
  runId: z.string(),
  startedAt: z.iso.datetime().describe('Wall time of the start of the run, to which all marks are relative'),
  startedAtMs: z.number().describe('The same as Unix milliseconds, with fractions'),
})

/** One request. */
export const requestLine = z.strictObject({
  type: z.literal('request'),
  worker: z.string().describe('Worker that sent it'),
  ...requestOutcome.shape,
})
export type RequestLine = z.infer<typeof requestLine>

/** Last line of a log that is complete. */
export const endLine = z.strictObject({
  type: z.literal('end'),
  requests: count.describe('Lines of requests in this file'),
  missing: count.describe(
    'Requests that were sent, but have no line: under way at a worker that was lost, or left out',
  ),
})

/** Any line of a request log. */
export const requestLogLine = z.discriminatedUnion('type', [runLine, requestLine, endLine])
export type RequestLogLine = z.infer<typeof requestLogLine>

/**
 * The outcome of a request that is over. Its marks become milliseconds since `startMs`, the start of
 * the run on the clock of the timeline, to the microsecond.
 */
export function outcomeOf(
  timeline: Timeline,
  { startMs, phase, tokenizerTokens }: { startMs: number; phase: RequestPhase; tokenizerTokens: number | null },
): RequestOutcome {
  const counted = countTokens(timeline, tokenizerTokens)
  return {
    index: timeline.index,
    phase,
    ...marksOf(timeline, startMs),
    status: timeline.status,
    newConnection: timeline.newConnection,
    contentEncoding: short(timeline.contentEncoding),
    retryAfterS: timeline.retryAfterS,
    resent: timeline.resent,
    failure: timeline.failure?.class ?? null,
    failureMessage: short(timeline.failure?.message ?? null),
    censored: timeline.censored,
    finishReason: short(timeline.finishReason),
    tokens: counted?.tokens ?? null,
    tokenSource: counted?.source ?? null,
    promptTokens: timeline.promptTokens,
    completionTokens: timeline.completionTokens,
    cachedTokens: timeline.cachedTokens,
    plannedPromptTokens: timeline.plannedPromptTokens,
    tokenizerTokens,
    logprobTokens: timeline.logprobTokens,
    idTokens: timeline.idTokens,
    chunks: timeline.chunks,
    coalesced: coalescedOf(timeline),
    chars: timeline.chars,
    bodyBytes: timeline.bodyBytes,
    notStreamed: timeline.notStreamed,
    withoutDone: timeline.withoutDone,
  }
}

function coalescedOf({ chunkMs }: Timeline): number {
  let coalesced = 0
  for (let i = 1; i < chunkMs.length; i++) if (chunkMs[i] === chunkMs[i - 1]) coalesced++
  return coalesced
}

function marksOf(timeline: Timeline, startMs: number): Record<MarkName, number | null> {
  const marks: Partial<Record<MarkName, number | null>> = {}
  for (const name of MARK_NAMES) marks[name] = sinceMs(timeline[name], startMs)
  // Every name was given a value.
  return marks as Record<MarkName, number | null>
}

/** Milliseconds since the start of the run, to the microsecond; null for a mark that was not reached. */
export const sinceMs = (markMs: number, startMs: number): number | null =>
  isSet(markMs) ? Math.round((markMs - startMs) * 1000) / 1000 : null

const short = (text: string | null): string | null => (text === null ? null : text.slice(0, MAX_WORDS_CHARS))
