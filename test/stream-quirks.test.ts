import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  countTokens,
  isSet,
  type LoadPlan,
  type Oddity,
  odditiesOf,
  type Timeline,
} from '../packages/core/src/index.js'
import { QUIRK_LIST, type Sim, type SimOptions, startSim } from '../packages/sim/src/index.js'
import { failureOf, Loopback, post } from './support/loopback.js'

const net = new Loopback()
let sim: Sim | null = null
afterEach(async () => {
  await net.close()
  await sim?.close()
})

const TOKENS = 6
const TTFT_MS = 20
const MARKS = [
  ...(['headersMs', 'firstByteMs', 'firstEventMs', 'firstChoicesMs', 'firstTokenMs', 'firstVisibleMs'] as const),
  ...(['lastTokenMs', 'usageMs', 'doneMs', 'endMs'] as const),
]
type Mark = (typeof MARKS)[number]

/** What a client must make of an answer; what is not given is as it would be without the quirk. */
interface Row {
  readonly quirk: string
  readonly story?: string
  readonly chat?: boolean
  readonly stream?: boolean
  readonly body?: object
  readonly options?: Partial<SimOptions>
  readonly load?: Partial<LoadPlan>
  readonly thinkTags?: boolean

  readonly failure?: string | RegExp
  readonly tokens?: number
  readonly source?: string
  readonly chunks?: number
  /** Text, made from the one that came without the quirk; null where it does not matter. */
  readonly text?: null | ((plain: string) => string)
  /** Marks that are not reached. */
  readonly unset?: readonly Mark[]
  readonly odd?: readonly Oddity[]
  readonly also?: (timeline: Timeline) => void
}

async function ask(row: Row): Promise<Timeline> {
  const { quirk, chat = false, stream = true, thinkTags = false, body, options, load = {} } = row
  sim = await startSim({ port: 0, ttftMs: TTFT_MS, itlMs: 5, quirk: quirk.split(',').filter(Boolean), ...options })
  const client = net.client(sim.url, { target: { chat, stream, thinkTags }, load: { timeoutS: 10, ...load } })
  const prompt = chat ? { messages: [{ role: 'user', content: 'Hi' }] } : { prompt: 'Hi' }
  const streamed = stream ? { stream, stream_options: { include_usage: true } } : {}
  return post(client, JSON.stringify({ ...prompt, ...streamed, max_tokens: TOKENS, ignore_eos: true, ...body }))
}

/** The text of an answer without quirks: it follows from the seed. */
let plain = ''
let promptTokens = 0
beforeAll(async () => {
  const timeline = await ask({ quirk: '' })
  plain = timeline.text
  promptTokens = timeline.promptTokens ?? 0
  await net.close()
  await sim?.close()
})

function expectRow(timeline: Timeline, row: Row): void {
  const { failure = null, tokens = TOKENS, source = 'usage', chunks = TOKENS, text = (same) => same, unset = [] } = row
  const counted = countTokens(timeline)
  const seen = failureOf(timeline)
  if (failure instanceof RegExp) expect(seen).toMatch(failure)
  else expect(seen).toBe(failure)
  if (text !== null) expect(timeline.text).toBe(text(plain))
  expect({
    tokens: counted?.tokens ?? 0,
    source: counted?.source ?? 'none',
    chunks: timeline.chunks,
    unset: MARKS.filter((mark) => !isSet(timeline[mark])),
    odd: odditiesOf(timeline),
  }).toEqual({
    tokens,
    source,
    chunks,
    unset: MARKS.filter((mark) => unset.includes(mark)),
    odd: row.odd ?? [],
  })
  row.also?.(timeline)
}

const NOTHING_GENERATED: readonly Mark[] = [
  'firstEventMs',
  'firstChoicesMs',
  'firstTokenMs',
  'firstVisibleMs',
  'lastTokenMs',
  'usageMs',
  'doneMs',
]
const refused = { tokens: 0, source: 'none', chunks: 0, text: () => '' } as const

/** An answer of which two tokens came. */
const cutShort = { tokens: 2, source: 'chunks', chunks: 2, text: null } as const

const thoughtFirst = (timeline: Timeline) => {
  expect(timeline.firstVisibleMs - timeline.firstTokenMs).toBeGreaterThan(15)
  expect(timeline.firstVisibleMs).toBe(timeline.lastTokenMs)
}

const expectSeparators = (timeline: Timeline) => {
  const parts = timeline.text.split('\u2028\u2029\u0085')
  expect(parts).toHaveLength(TOKENS + 1)
  expect(parts.join('')).toBe(plain)
}

const ROWS: readonly Row[] = [
  { quirk: 'crlf' },
  { quirk: 'crlf-split' },
  { quirk: 'cr' },
  { quirk: 'comments', also: (t) => expect(t.firstEventMs - t.sentMs).toBeGreaterThanOrEqual(TTFT_MS - 1) },
  { quirk: 'fields' },
  { quirk: 'multi-line-data' },
  { quirk: 'no-space' },
  { quirk: 'data-alone' },
  { quirk: 'raw-separators', text: null, also: expectSeparators },
  { quirk: 'split-utf8,raw-separators', story: 'in every text', text: null, also: expectSeparators },
  { quirk: 'space-at-cut' },
  { quirk: 'bom' },
  { quirk: 'coalesced', also: ({ chunkMs }) => expect(new Set(chunkMs).size).toBe(2) },
  { quirk: 'byte-by-byte' },
  { quirk: 'empty-first-chunk' },
  { quirk: 'empty-first-chunk', chat: true },
  { quirk: 'no-choices-first' },
  { quirk: 'filter-chunks' },
  { quirk: 'filter-chunks', chat: true },
  { quirk: 'null-fields' },
  { quirk: 'null-fields', chat: true },
  { quirk: 'reasoning', chat: true, also: thoughtFirst },
  { quirk: 'reasoning-content', chat: true, also: thoughtFirst },
  { quirk: 'thinking-parts', chat: true, also: thoughtFirst },
  {
    quirk: 'think-tags',
    story: 'as thoughts',
    thinkTags: true,
    text: null,
    chunks: TOKENS + 2,
    also: thoughtFirst,
  },
  {
    quirk: 'think-tags',
    chat: true,
    story: 'as thoughts',
    thinkTags: true,
    text: null,
    chunks: TOKENS + 2,
    also: thoughtFirst,
  },
  {
    quirk: 'think-tags',
    story: 'as text, unless it is said that they are thoughts',
    text: null,
    chunks: TOKENS + 2,
    also: (t) => expect(t.firstVisibleMs).toBe(t.firstTokenMs),
  },
  { quirk: 'think-end', story: 'as thoughts', thinkTags: true, text: null, chunks: TOKENS + 1, also: thoughtFirst },
  {
    quirk: 'tool-calls',
    chat: true,
    text: (text) => `look_up${text}`,
    unset: ['firstVisibleMs'],
    also: (t) => expect(t.finishReason).toBe('tool_calls'),
  },
  { quirk: '', story: 'four tokens per chunk', options: { tokensPerChunk: 4 }, chunks: 3 },
  {
    quirk: 'usage-every-chunk',
    story: 'and four tokens per chunk',
    options: { tokensPerChunk: 4 },
    chunks: 3,
  },
  {
    quirk: 'token-ids,no-usage',
    story: 'and four tokens per chunk',
    options: { tokensPerChunk: 4 },
    source: 'token_ids',
    chunks: 3,
    unset: ['usageMs'],
  },
  {
    quirk: 'logprobs,no-usage',
    story: 'and four tokens per chunk',
    options: { tokensPerChunk: 4 },
    source: 'logprobs',
    chunks: 3,
    unset: ['usageMs'],
  },
  { quirk: 'finish-only', also: (t) => expect(t.finishReason).toBe('length') },
  { quirk: 'no-usage', source: 'chunks', unset: ['usageMs'] },
  { quirk: 'usage-every-chunk' },
  { quirk: 'usage-with-finish' },
  { quirk: 'usage-with-choices' },
  { quirk: 'usage-with-choices', chat: true },
  { quirk: 'usage-after-done' },
  { quirk: 'usage-differs', tokens: TOKENS + 3 },
  { quirk: 'prompt-usage-differs', also: (t) => expect(t.promptTokens).toBe(promptTokens + 3) },
  { quirk: 'negative-usage', source: 'chunks', also: (t) => expect(t.completionTokens).toBeNull() },
  {
    quirk: 'nan-usage',
    failure: /^parse: event is not a JSON object: \{"id":/,
    source: 'chunks',
    unset: ['usageMs'],
  },
  { quirk: 'error-data', failure: 'in_stream_error: Internal server error', ...cutShort, unset: ['usageMs'] },
  {
    quirk: 'error-event',
    failure: 'in_stream_error: Internal server error',
    ...cutShort,
    unset: ['usageMs', 'doneMs'],
  },
  {
    quirk: 'error-field',
    failure: 'in_stream_error: Internal server error',
    ...cutShort,
    unset: ['usageMs', 'doneMs'],
  },
  { quirk: 'error-finish', failure: 'in_stream_error: finish_reason is error', ...cutShort, unset: ['usageMs'] },
  { quirk: 'no-done', unset: ['doneMs'], odd: ['without_done'] },
  {
    quirk: 'no-finish',
    failure: 'truncated: the stream ended without finish_reason or [DONE]',
    unset: ['doneMs'],
  },
  {
    quirk: 'truncated-frame',
    failure: 'truncated: the stream ended without finish_reason or [DONE]',
    ...cutShort,
    unset: ['usageMs', 'doneMs'],
  },
  { quirk: 'done-without-blank-line' },
  { quirk: 'data-after-done' },
  { quirk: 'held-open', also: (t) => expect(t.endMs - t.doneMs).toBeLessThan(1500) },
  {
    quirk: 'html-page',
    ...refused,
    failure: 'parse: expected an event stream, got a page: Gateway login',
    unset: NOTHING_GENERATED,
  },
  { quirk: 'json-body', chunks: 0, odd: ['not_streamed'], unset: NOTHING_GENERATED },
  { quirk: 'wrong-content-type' },
  {
    quirk: 'whole-at-once',
    story: 'of twelve tokens',
    body: { max_tokens: 12 },
    text: null,
    tokens: 12,
    chunks: 12,
    odd: ['not_streamed'],
  },
  { quirk: 'gzip', odd: ['compressed'], also: (t) => expect(t.contentEncoding).toBe('gzip') },
  { quirk: 'deflate', odd: ['compressed'], also: (t) => expect(t.contentEncoding).toBe('deflate') },
  { quirk: 'br', odd: ['compressed'], also: (t) => expect(t.contentEncoding).toBe('br') },
  {
    quirk: 'retry-after',
    ...refused,
    failure: 'shed: HTTP 429: Too many requests',
    unset: NOTHING_GENERATED,
    also: (t) => expect(t.retryAfterS).toBe(7),
  },
  {
    quirk: 'retry-after-date',
    ...refused,
    failure: 'shed: HTTP 503: Overloaded',
    unset: NOTHING_GENERATED,
    also: (t) => expect(t.retryAfterS).toBe(90),
  },
  {
    quirk: 'redirect',
    ...refused,
    failure: 'status: HTTP 307: redirects to /v1/completions/; redirects are not followed',
    unset: ['firstByteMs', ...NOTHING_GENERATED],
  },
  {
    quirk: 'reset',
    failure: 'reset: connection reset in mid-answer (ECONNRESET)',
    ...cutShort,
    unset: ['usageMs', 'doneMs'],
  },
  {
    quirk: 'half-close',
    failure: 'truncated: connection closed in mid-answer',
    ...cutShort,
    unset: ['usageMs', 'doneMs'],
  },
  { quirk: 'no-terminator' },
  {
    quirk: '',
    story: 'two answers, event by event in turn',
    body: { n: 2 },
    text: null,
    tokens: 12,
    chunks: 12,
    also: ({ chunkMs }) => expect(chunkMs).toHaveLength(TOKENS),
  },
  {
    quirk: 'choices-together',
    story: 'two answers',
    body: { n: 2 },
    text: null,
    tokens: 12,
    chunks: 12,
    also: ({ chunkMs }) => expect(chunkMs).toHaveLength(TOKENS),
  },
  { quirk: 'logprobs' },
  { quirk: 'logprobs', chat: true },
  { quirk: 'obfuscation' },
  { quirk: 'blank-lines', stream: false, chunks: 0, unset: NOTHING_GENERATED },
  { quirk: 'early-hints' },
  { quirk: 'continue' },
  { quirk: 'trailers' },
  {
    quirk: 'huge-header',
    ...refused,
    failure: /^parse: .*header/,
    unset: ['headersMs', 'firstByteMs', ...NOTHING_GENERATED],
  },
  { quirk: 'late-headers', also: (t) => expect(t.headersMs).toBe(t.firstEventMs) },
  { quirk: 'huge-event-100k' },
  { quirk: 'huge-event-64m' },
  {
    quirk: 'huge-event-100m',
    failure: 'parse: answer has a piece larger than 64 MiB',
    ...refused,
    unset: NOTHING_GENERATED,
  },
  { quirk: 'ndjson', unset: ['doneMs'] },
  {
    quirk: 'endless',
    load: { timeoutS: 1 },
    failure: 'timeout_total: no complete answer within 1 s',
    text: null,
    tokens: expect.any(Number),
    source: 'chunks',
    chunks: expect.any(Number),
    unset: ['usageMs', 'doneMs'],
    also: (t) => expect(t.chunks).toBeGreaterThan(50),
  },
  {
    // A server says so that the request waits in its queue: whoever minds how long sets --timeout.
    quirk: 'only-comments',
    load: { timeoutS: 2, progressTimeoutS: 0.5 },
    failure: /^timeout_total: /,
    ...refused,
    unset: NOTHING_GENERATED,
  },
  {
    quirk: 'only-comments',
    story: 'where tokens have a limit of their own',
    load: { tokenTimeoutS: 0.3 },
    failure: 'timeout_progress: no token for 0.3 s',
    ...refused,
    unset: NOTHING_GENERATED,
  },
  {
    quirk: '',
    story: 'and stalls in the middle',
    options: { stallAfterTokens: 2 },
    load: { tokenTimeoutS: 0.3 },
    failure: 'timeout_progress: no token for 0.3 s',
    ...cutShort,
    unset: ['usageMs', 'doneMs'],
  },
]

describe('a server that sends', () => {
  test.each(
    ROWS.map((row) => ({ ...row, story: [row.quirk, row.story, row.chat && 'in a chat'].filter(Boolean).join(', ') })),
  )('$story', async (row) => expectRow(await ask(row), row))
})

test('every quirk of the simulator has a row', () => {
  const tested = new Set(ROWS.flatMap(({ quirk }) => quirk.split(',')))
  expect(QUIRK_LIST.filter(({ name }) => !tested.has(name))).toEqual([])
})
