import { describe, expect, test } from 'vitest'
import { Timeline } from '../request/timeline.js'
import type { JsonObject } from './json.js'
import { OpenAiAnswer } from './openai-events.js'

const choices = (...list: object[]) => ({ choices: list })
const text = (piece: string | null, more: object = {}) => choices({ index: 0, text: piece, ...more })
const delta = (fields: unknown, more: object = {}) => choices({ index: 0, delta: fields, ...more })
const usage = (completion_tokens: number) => ({ prompt_tokens: 10, completion_tokens })

/** Event k arrives at 100·(k+1) ms. */
function read(...events: JsonObject[]) {
  const timeline = new Timeline(0, null)
  const answer = new OpenAiAnswer(timeline, { keepText: true, thinkTags: false })
  const errors = events.map((event, i) => answer.event(event, 100 * (i + 1)))
  return { timeline, answer, errors }
}

describe('generated is', () => {
  const call = { function: { name: 'f', arguments: '{}' } }
  test.each<{ story: string; event: JsonObject; chars: number; visible: boolean }>([
    { story: 'text', event: text('yes'), chars: 3, visible: true },
    { story: 'content', event: delta({ content: 'yes' }), chars: 3, visible: true },
    { story: 'reasoning', event: delta({ reasoning: 'hm' }), chars: 2, visible: false },
    { story: 'reasoning_content', event: delta({ reasoning: '', reasoning_content: 'hm' }), chars: 2, visible: false },
    {
      story: 'reasoning under both keys, once',
      event: delta({ reasoning: 'hm', reasoning_content: 'hm' }),
      chars: 2,
      visible: false,
    },
    { story: 'a tool call', event: delta({ content: null, tool_calls: [call] }), chars: 3, visible: false },
    {
      story: 'arguments of a tool call',
      event: delta({ tool_calls: [{ function: { arguments: '{"a"' } }] }),
      chars: 4,
      visible: false,
    },
    { story: 'a refusal', event: delta({ content: null, refusal: 'no' }), chars: 2, visible: true },
    { story: 'content in parts', event: delta({ content: [{ text: 'a' }, { text: 'b' }] }), chars: 2, visible: true },
    {
      story: 'thinking in parts',
      event: delta({ content: [{ thinking: [{ text: 'hm' }] }] }),
      chars: 2,
      visible: false,
    },
    { story: 'a character beyond the basic plane, once', event: text('😀é'), chars: 2, visible: true },
    { story: 'a token id without text', event: text('', { token_ids: [7] }), chars: 0, visible: false },
    { story: 'a logprob without text', event: text('', { logprobs: { tokens: [''] } }), chars: 0, visible: false },
  ])('$story', ({ event, chars, visible }) => {
    const { timeline, answer } = read(event)
    expect(timeline).toMatchObject({ firstTokenMs: 100, lastTokenMs: 100, chunkMs: [100], chunks: 1, chars })
    expect(timeline.firstVisibleMs).toBe(visible ? 100 : Number.NaN)
    expect([...answer.text]).toHaveLength(chars)
  })

  test.each<{ story: string; event: JsonObject }>([
    { story: 'a role', event: delta({ role: 'assistant', content: '' }) },
    { story: 'a finish_reason alone', event: delta({}, { finish_reason: 'length' }) },
    { story: 'a choice without delta', event: choices({ content_filter_results: {} }) },
    { story: 'a delta that is null', event: delta(null) },
    {
      story: 'null everywhere',
      event: delta({ content: null, reasoning: null, tool_calls: null }, { logprobs: null, token_ids: null }),
    },
    { story: 'a choice that is null', event: { choices: [null] } },
    { story: 'a tool call without a function', event: delta({ tool_calls: [null, {}] }) },
    { story: 'choices that are empty', event: choices() },
    { story: 'choices that are missing', event: { id: 'x' } },
    { story: 'choices that are null', event: { choices: null } },
    { story: 'padding', event: { ...delta({ content: '' }), obfuscation: 'xxxx' } },
  ])('not $story', ({ event }) => {
    const { timeline, errors } = read(event, text('a'))
    expect(timeline).toMatchObject({ firstTokenMs: 200, chunks: 1, chars: 1 })
    expect(errors).toEqual([null, null])
  })
})

describe('choices', () => {
  test('are first seen where there is at least one, even without text', () => {
    expect(read(choices(), delta({ role: 'assistant' }), text('a')).timeline.firstChoicesMs).toBe(200)
  })

  test('of two answers: text is kept apart, gaps are those of the first, all pieces count', () => {
    const piece = (index: number, words: string) => choices({ index, text: words })
    const { timeline, answer } = read(piece(1, 'x'), piece(0, 'a'), piece(1, 'y'), piece(0, 'b'))
    expect(answer.text).toBe('abxy')
    expect(timeline).toMatchObject({ chunks: 4, chunkMs: [200, 400], firstTokenMs: 100, lastTokenMs: 400 })
  })

  test('with an index beyond all answers are one more, and cost no time', () => {
    const { timeline, answer } = read(choices({ index: 4_294_967_290, text: 'z' }), choices({ index: 0, text: 'a' }))
    expect(answer.text).toBe('az')
    expect(timeline.chunks).toBe(2)
  })

  test('without an index are told apart by their position', () => {
    expect(read(choices({ text: 'a' }, { text: 'x' }), choices({ text: 'b' }, { text: 'y' })).answer.text).toBe('abxy')
  })

  test('are finished one by one', () => {
    const { timeline, answer } = read(
      text('a', { finish_reason: 'length' }),
      choices({ index: 1, text: 'b', finish_reason: 'stop' }),
    )
    expect([answer.finished, timeline.finishReason]).toEqual([2, 'stop'])
  })
})

describe('usage', () => {
  test('is read beside empty choices, beside text and beside a finish_reason', () => {
    const { timeline } = read(
      { ...text('a'), usage: usage(1) },
      { ...delta({}, { finish_reason: 'length' }), usage: usage(2) },
    )
    expect(timeline).toMatchObject({ completionTokens: 2, promptTokens: 10, usageMs: 200 })
    expect(read({ choices: [], usage: usage(3) }).timeline.completionTokens).toBe(3)
  })

  test('that is null leaves what was read before', () => {
    const details = { ...usage(2), prompt_tokens_details: { cached_tokens: 0 } }
    const { timeline } = read({ usage: details }, { ...text('a'), usage: null })
    expect(timeline).toMatchObject({ completionTokens: 2, cachedTokens: 0, usageMs: 100 })
  })

  test('that grows makes an event without text a token; that stays does not', () => {
    const running = (tokens: number, words: string) => ({ ...text(words), usage: usage(tokens) })
    const { timeline } = read(running(0, ''), running(1, ''), running(2, 'ab'), running(2, ''))
    expect(timeline).toMatchObject({ chunkMs: [200, 300], completionTokens: 2, usageMs: 400 })
  })

  test('that comes once, with the finish_reason, makes no token of it', () => {
    const { timeline } = read(text('a'), { ...delta({}, { finish_reason: 'length' }), usage: usage(2) })
    expect(timeline).toMatchObject({ chunks: 1, lastTokenMs: 100, completionTokens: 2 })
  })

  test('is not made up where there is none', () => {
    expect(read(text('a')).timeline).toMatchObject({ completionTokens: null, promptTokens: null, cachedTokens: null })
  })
})

test('logprobs of completions and of chats count tokens', () => {
  const chat = delta({ content: 'c' }, { logprobs: { content: [{ token: 'c' }] } })
  expect(read(text('ab', { logprobs: { tokens: ['a', 'b'] } }), chat).timeline.logprobTokens).toBe(3)
})

test.each<{ story: string; event: JsonObject; error: string | null }>([
  { story: 'an error object', event: { error: { message: 'out of memory', code: 500 } }, error: 'out of memory' },
  { story: 'an error text', event: { error: 'boom' }, error: 'boom' },
  { story: 'an error of old vLLM', event: { object: 'error', message: 'bad' }, error: 'bad' },
  { story: 'a finish_reason error', event: text('a', { finish_reason: 'error' }), error: 'finish_reason is error' },
  { story: 'null is no error', event: { ...text('a'), error: null }, error: null },
])('$story', ({ event, error }) => {
  expect(read(event).errors).toEqual([error])
})

test('a whole chat body: reasoning, tool calls and content; usage without a mark', () => {
  const message = { reasoning: 'hm', content: 'yes', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }
  const timeline = new Timeline(0, null)
  const answer = new OpenAiAnswer(timeline, { keepText: true, thinkTags: false })
  const logprobs = { content: [{}, {}] }
  expect(
    answer.body({ choices: [{ message, token_ids: [1, 2], logprobs, finish_reason: 'stop' }], usage: usage(2) }),
  ).toBeNull()
  expect(answer.text).toBe('hmf{}yes')
  expect(timeline).toMatchObject({ idTokens: 2, logprobTokens: 2, completionTokens: 2, finishReason: 'stop', chars: 8 })
  expect(timeline).toMatchObject({ chunks: 0, chunkMs: [], usageMs: Number.NaN, firstChoicesMs: Number.NaN })
})
