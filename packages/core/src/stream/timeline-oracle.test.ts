import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { vllm } from '../endpoint/openai.js'
import { Timeline } from '../request/timeline.js'
import { countTokens } from '../request/token-count.js'
import { ResponseReader } from './response-reader.js'

/** What llm_bench made of a response; recorded from its real code, at two revisions. Times are seconds after sending. */
interface OracleCase {
  rev: string
  args: string[]
  max_tokens: number
  status: number
  chunks: [atS: number, piece: string][]
  t_end: number
  url: string
  result: string | null
  metrics: [name: string, value: number, length: number][]
}

interface Reading {
  failure: string | null
  firstTokenMs: number
  firstVisibleMs?: number
  endMs: number
  chars: number
  tokens: number | null
  promptTokens: number | null
  cachedTokens: number | null
}

const oracle: OracleCase[] = JSON.parse(
  readFileSync(new URL('./fixtures/timeline-oracle.json', import.meta.url), 'utf8'),
)

/** Bodies of refusals; the recording has them only inside llm_bench's message. */
const REFUSALS: Record<number, string> = { 17: '{"error":"boom"}', 18: '', 19: '{"error":"boom"}' }

/** Where we differ on purpose, by position in the recording. */
const DIFFERENCES: Record<number, Partial<Reading> & { because: string }> = {
  2: { because: 'without usage and tokenizer the chunks are counted', tokens: 3 },
  3: {
    because: 'an event with usage and no choices is no fault',
    ...{ failure: null, firstTokenMs: 250, chars: 8, tokens: 3, promptTokens: 10 },
  },
  5: {
    because: 'the stream was cut: neither finish_reason nor [DONE]',
    failure: 'truncated: the stream ended without finish_reason or [DONE]',
  },
  8: {
    because: 'all text was reasoning, so none was visible; the usage event shows nothing',
    firstVisibleMs: Number.NaN,
  },
  9: { because: 'an event with nothing but usage is no first token', firstTokenMs: Number.NaN },
  10: { because: 'ours has a class', failure: 'empty: nothing was generated' },
  11: {
    because: 'nothing was generated, so there is no first token; zero tokens are no count',
    firstTokenMs: Number.NaN,
  },
  12: {
    because: 'a comment is no fault, but the stream ends after it',
    failure: 'truncated: the stream ended without finish_reason or [DONE]',
  },
  13: { because: 'ours quotes the event', failure: 'parse: event is not a JSON object: {bad' },
  14: { because: "the server's error is told, not that the answer was empty", failure: 'in_stream_error: x' },
  15: {
    because: 'an error in the stream is a failure; what came before it stays counted',
    failure: 'in_stream_error: x',
    tokens: 1,
  },
  16: {
    because: 'two choices are no fault, but the stream ends after them',
    ...{
      failure: 'truncated: the stream ended without finish_reason or [DONE]',
      firstTokenMs: 100,
      chars: 2,
      tokens: 2,
    },
  },
  17: { because: 'ours has the status and the message alone', failure: 'status: HTTP 500: boom' },
  18: { because: 'a refusal without a body has its status', failure: 'status: HTTP 503' },
  19: {
    because: 'a refusal is a failed request, not an exception beside the statistics',
    failure: 'status: HTTP 500: boom',
  },
  20: { because: 'an answer that is not streamed has no first token', firstTokenMs: Number.NaN },
  21: { because: 'an answer that is not streamed has no first token', firstTokenMs: Number.NaN },
  25: { because: 'usage is a better source than logprobs', tokens: 3 },
  26: { because: 'usage in every event is a running total, not to be added up', tokens: 3 },
  35: { because: 'text after [DONE] is not counted; chunks are', chars: 1, tokens: 1 },
  36: { because: 'without usage and tokenizer the chunks are counted', tokens: 1 },
  37: {
    because: 'the stream was cut: neither finish_reason nor [DONE]',
    ...{ failure: 'truncated: the stream ended without finish_reason or [DONE]', tokens: 1 },
  },
  38: {
    because: 'content null is no fault, but the stream ends after it',
    failure: 'truncated: the stream ended without finish_reason or [DONE]',
  },
  39: {
    because: 'text null is no fault, but the stream ends after it',
    failure: 'truncated: the stream ended without finish_reason or [DONE]',
  },
  40: { because: 'two answers were asked for; neither usage nor chunks count them', failure: null, chars: 2 },
}

function play(recorded: OracleCase, position: number): Timeline {
  const stream = !recorded.args.includes('--no-stream')
  const n = recorded.args.includes('-n') ? 2 : 1
  const timeline = new Timeline(0, null)
  const expected = { endpoint: vllm, stream, maxTokens: recorded.max_tokens, n, keepText: false, thinkTags: false }
  const reader = new ResponseReader(timeline, expected)
  reader.headers(recorded.status, stream ? 'text/event-stream' : 'application/json', 0)
  for (const [atS, piece] of recorded.chunks) reader.data(Buffer.from(`${piece}\n\n`), atS * 1000)
  reader.data(Buffer.from(REFUSALS[position] ?? ''), recorded.t_end * 1000)
  reader.end(recorded.t_end * 1000)
  return timeline
}

/** What llm_bench read, in our terms. */
function recordedReading({ metrics, t_end, result, args }: OracleCase): Reading {
  const value = (name: string) => metrics.find(([metric]) => metric === name)?.[1]
  const charsOfOld = metrics.find(([metric]) => metric === 'latency_per_char')?.[2]
  const promptTokens = value('prompt_tokens')
  const firstMs = value('time_to_first_token') ?? (value('ttft') ?? Number.NaN) * 1000
  return {
    failure: result?.startsWith('failure') ? result : null,
    ...(args.includes('--first-visible-token')
      ? { firstTokenMs: 100, firstVisibleMs: firstMs }
      : { firstTokenMs: firstMs }),
    endMs: t_end * 1000,
    chars: value('char_count') ?? charsOfOld ?? 0,
    tokens: value('num_tokens') ?? null,
    // 2 and 9 are the recorder's own counts of its prompt; 10 is what the server said.
    promptTokens: promptTokens === 10 ? 10 : null,
    cachedTokens: value('cached_tokens') ?? null,
  }
}

function ownReading(timeline: Timeline, { args }: OracleCase): Reading {
  const { failure, firstTokenMs, firstVisibleMs, endMs, chars, promptTokens, cachedTokens } = timeline
  return {
    failure: failure && `${failure.class}: ${failure.message}`,
    firstTokenMs,
    ...(args.includes('--first-visible-token') && { firstVisibleMs }),
    endMs,
    chars,
    tokens: countTokens(timeline)?.tokens ?? null,
    promptTokens,
    cachedTokens,
  }
}

describe("llm_bench's timelines", () => {
  const own = oracle
    .map((recorded, position) => ({ recorded, position }))
    .filter(({ recorded }) => speaksOurApi(recorded))

  test('the recording has 32 of its 41 cases in the API of OpenAI', () => {
    expect([oracle.length, own.length]).toEqual([41, 32])
  })

  test.each(own.map((it) => ({ ...it, because: DIFFERENCES[it.position]?.because ?? 'read as llm_bench reads it' })))(
    '$position ($recorded.rev): $because',
    ({ recorded, position }) => {
      const { because: _, ...difference } = DIFFERENCES[position] ?? { because: '' }
      expect(ownReading(play(recorded, position), recorded)).toEqual({ ...recordedReading(recorded), ...difference })
    },
  )
})

function speaksOurApi({ url }: OracleCase): boolean {
  return url === '/v1/completions' || url === '/v1/chat/completions'
}
