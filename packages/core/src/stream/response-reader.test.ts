import { describe, expect, test } from 'vitest'
import { openai } from '../endpoint/openai.js'
import { Timeline } from '../request/timeline.js'
import { MAX_EVENT_BYTES } from './line-splitter.js'
import { type Expectation, ResponseReader } from './response-reader.js'

const STREAM = 'text/event-stream; charset=utf-8'
const JSON_TYPE = 'application/json'
const DONE = 'data: [DONE]\n\n'
const TRUNCATED = 'truncated: the stream ended without finish_reason or [DONE]'

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const text = (piece: string | null, more: object = {}) => event({ choices: [{ index: 0, text: piece, ...more }] })
const delta = (fields: unknown, more: object = {}) => event({ choices: [{ index: 0, delta: fields, ...more }] })
const usage = (completion_tokens: number) => ({ prompt_tokens: 10, completion_tokens })

interface Response {
  status?: number
  contentType?: string
  location?: string
  expected?: Partial<Expectation>
}

/** A reader at work: headers at 10 ms, read k at 100·(k+1) ms. */
function reading(response: Response, reads: (string | Buffer)[]) {
  const timeline = new Timeline(0, null)
  const expected = { endpoint: openai, stream: true, maxTokens: 5, n: 1, keepText: true, ...response.expected }
  const reader = new ResponseReader(timeline, expected)
  reader.headers(response.status ?? 200, response.contentType ?? STREAM, 10, response.location)
  reads.forEach((read, i) => {
    reader.data(Buffer.from(read), 100 * (i + 1))
  })
  return { reader, timeline }
}

function read(response: Response, ...reads: (string | Buffer)[]): Timeline {
  const { reader, timeline } = reading(response, reads)
  reader.end(1000)
  return timeline
}

const failureOf = ({ failure }: Timeline) => failure && `${failure.class}: ${failure.message}`

describe('marks', () => {
  test('of a chat: headers, first byte, first event, role, reasoning, text, usage, [DONE], end', () => {
    const timeline = read(
      {},
      ': queued\n\n',
      event({ choices: [], prompt_filter_results: [] }),
      delta({ role: 'assistant', content: '' }),
      delta({ reasoning: 'hm' }),
      delta({ content: 'yes' }),
      delta({ content: '!' }, { finish_reason: 'stop' }),
      event({ choices: [], usage: usage(3) }),
      DONE,
    )
    expect(timeline).toMatchObject({
      ...{ headersMs: 10, firstByteMs: 100, firstEventMs: 200, firstChoicesMs: 300, firstTokenMs: 400 },
      ...{ firstVisibleMs: 500, lastTokenMs: 600, usageMs: 700, doneMs: 800, endMs: 1000 },
      ...{ chunkMs: [400, 500, 600], chunks: 3, chars: 6, text: 'hmyes!', finishReason: 'stop', failure: null },
    })
  })

  test('events of one read share its time', () => {
    expect(read({}, text('a') + text('b'), text('c') + DONE).chunkMs).toEqual([100, 100, 200])
  })

  test('an event over three reads has the time of its last', () => {
    const [head, tail] = [text('é').slice(0, 30), text('é').slice(30)]
    const bytes = Buffer.from(tail)
    const timeline = read({}, head, bytes.subarray(0, 5), Buffer.concat([bytes.subarray(5), Buffer.from(DONE)]))
    expect(timeline).toMatchObject({ firstByteMs: 100, firstEventMs: 300, firstTokenMs: 300, chars: 1 })
  })

  test('bytes are counted as they come', () => {
    expect(read({}, ': 12345\n', DONE).bodyBytes).toBe(8 + DONE.length)
  })

  test('usage after [DONE] is taken, text after it is not', () => {
    const timeline = read(
      {},
      text('a'),
      DONE,
      text('b'),
      event({ choices: [], usage: usage(1) }),
      DONE,
      'data: junk\n\n',
    )
    expect(timeline).toMatchObject({
      doneMs: 200,
      usageMs: 400,
      completionTokens: 1,
      text: 'a',
      chunks: 1,
      failure: null,
    })
  })

  test('text is only kept where it is wanted', () => {
    expect(read({ expected: { keepText: false } }, text('abc'), DONE)).toMatchObject({ text: '', chars: 3 })
  })

  test('a last event without a blank line counts', () => {
    expect(read({}, text('a'), 'data: [DONE]')).toMatchObject({ doneMs: 200, failure: null })
  })
})

describe('failures', () => {
  test.each<{ story: string; response?: Response; reads: string[]; failure: string | null }>([
    {
      story: 'a refusal is told in the words of the server',
      response: { status: 503, contentType: JSON_TYPE },
      reads: ['{"error":{"mess', 'age":"server\\noverloaded"}}'],
      failure: 'status: HTTP 503: server overloaded',
    },
    { story: 'a refusal without a body', response: { status: 500 }, reads: [], failure: 'status: HTTP 500' },
    {
      story: 'a redirect names where it points to',
      response: { status: 307, location: 'http://other/v1/' },
      reads: [],
      failure: 'status: HTTP 307: redirects to http://other/v1/; redirects are not followed',
    },
    {
      story: 'an error in the stream, before any token',
      reads: [event({ error: { message: 'out of memory', code: 500 } }), DONE],
      failure: 'in_stream_error: out of memory',
    },
    {
      story: 'an error in the stream, of old vLLM',
      reads: [event({ object: 'error', message: 'bad' }), DONE],
      failure: 'in_stream_error: bad',
    },
    {
      story: 'an event named error',
      reads: ['event: error\ndata: {"error":{"message":"overloaded"}}\n\n'],
      failure: 'in_stream_error: overloaded',
    },
    {
      story: "llama.cpp's error field",
      reads: ['error: {"code":500,"message":"slot unavailable"}\n\n'],
      failure: 'in_stream_error: slot unavailable',
    },
    {
      story: 'a finish_reason error',
      reads: [text('a', { finish_reason: 'error' }), DONE],
      failure: 'in_stream_error: finish_reason is error',
    },
    {
      story: 'an error that is null is none',
      reads: [event({ error: null, choices: [{ text: 'a' }] }), DONE],
      failure: null,
    },
    {
      story: 'an event that is not JSON',
      reads: ['data: {"choices": [}\n\n', DONE],
      failure: 'parse: event is not a JSON object: {"choices": [}',
    },
    {
      story: 'an event that is a number',
      reads: ['data: 5\n\n', DONE],
      failure: 'parse: event is not a JSON object: 5',
    },
    {
      story: 'an event that is a list',
      reads: ['data: [1]\n\n', DONE],
      failure: 'parse: event is not a JSON object: [1]',
    },
    { story: 'an end without [DONE] and finish_reason', reads: [text('a')], failure: TRUNCATED },
    { story: 'an end inside an event', reads: [text('a'), 'data: {"choi'], failure: TRUNCATED },
    { story: 'an end before anything', reads: [], failure: TRUNCATED },
    {
      story: 'an end without [DONE], but with finish_reason',
      reads: [text('a', { finish_reason: 'length' })],
      failure: null,
    },
    {
      story: 'an end after one of two answers',
      response: { expected: { n: 2 } },
      reads: [text('a', { finish_reason: 'length' })],
      failure: TRUNCATED,
    },
    { story: 'nothing but [DONE]', reads: [DONE], failure: 'empty: nothing was generated' },
    {
      story: 'nothing but [DONE], where nothing was asked for',
      response: { expected: { maxTokens: 0 } },
      reads: [DONE],
      failure: null,
    },
    {
      story: 'a page of a gateway under 200',
      response: { contentType: 'text/html' },
      reads: ['<!DOCTYPE html><title>Sign in</title>'],
      failure: 'parse: expected an event stream, got a page: Sign in',
    },
    {
      story: 'the first of two failures',
      reads: [event({ error: 'first' }), 'data: {bad\n\n', event({ error: 'second' })],
      failure: 'in_stream_error: first',
    },
  ])('$story', ({ response = {}, reads, failure }) => {
    expect(failureOf(read(response, ...reads))).toBe(failure)
  })

  test('counts of a stream that failed are kept', () => {
    expect(read({}, text('ab'), event({ error: 'x' }), DONE)).toMatchObject({
      chars: 2,
      firstTokenMs: 100,
      doneMs: 300,
    })
  })

  test('an event beyond the limit fails the request, and the rest is not kept', () => {
    const { reader, timeline } = reading({}, [])
    const megabyte = Buffer.alloc(1 << 20, 'x')
    for (let i = 0; i <= MAX_EVENT_BYTES / megabyte.length + 5; i++) reader.data(megabyte, 5)
    reader.end(9)
    expect(failureOf(timeline)).toBe('parse: answer has a piece larger than 64 MiB')
  })
})

describe('answers that are not an event stream', () => {
  const body = JSON.stringify({ choices: [{ text: 'abc', finish_reason: 'length' }], usage: usage(2) })

  test('a JSON body has counts, and no marks of tokens', () => {
    const timeline = read({ contentType: JSON_TYPE, expected: { stream: false } }, body.slice(0, 20), body.slice(20))
    expect(timeline).toMatchObject({
      text: 'abc',
      completionTokens: 2,
      finishReason: 'length',
      chunks: 0,
      failure: null,
    })
    expect(timeline).toMatchObject({
      firstByteMs: 100,
      firstTokenMs: Number.NaN,
      usageMs: Number.NaN,
      notStreamed: false,
    })
  })

  test('a chat body has its text in message, reasoning and tool calls included', () => {
    const message = { reasoning: 'hm', content: 'yes', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }
    const chat = JSON.stringify({ choices: [{ message, token_ids: [1, 2], logprobs: { content: [{}, {}] } }] })
    const timeline = read({ contentType: JSON_TYPE, expected: { stream: false } }, chat)
    expect(timeline).toMatchObject({ text: 'hmf{}yes', idTokens: 2, logprobTokens: 2, failure: null })
  })

  test('blank lines before the JSON do not disturb', () => {
    expect(read({ contentType: JSON_TYPE, expected: { stream: false } }, '\n\n', `\n${body}`).failure).toBeNull()
  })

  test.each(['application/json', '', 'text/event-stream'])(
    'a JSON body (%s) where a stream was asked for is read, and marked',
    (contentType) => {
      const timeline = read({ contentType }, body)
      expect(timeline).toMatchObject({ text: 'abc', completionTokens: 2, notStreamed: true, failure: null })
      expect(timeline.firstTokenMs).toBeNaN()
    },
  )

  test.each<{ story: string; reads: string[]; failure: string }>([
    { story: 'an error under 200', reads: ['{"error":{"message":"no"}}'], failure: 'in_stream_error: no' },
    {
      story: 'a body that is not JSON',
      reads: ['{"choices":'],
      failure: 'parse: answer is not a JSON object: {"choices":',
    },
    { story: 'no body', reads: [], failure: 'empty: nothing was generated' },
    { story: 'no choices', reads: ['{}'], failure: 'empty: nothing was generated' },
    { story: 'a page', reads: ['<html><title>Hi</title>'], failure: 'parse: expected JSON, got a page: Hi' },
  ])('$story fails', ({ reads, failure }) => {
    expect(failureOf(read({ contentType: JSON_TYPE, expected: { stream: false } }, ...reads))).toBe(failure)
  })

  test('an event stream where none was asked for is read as one', () => {
    const timeline = read({ expected: { stream: false } }, text('a'), text('b'), DONE)
    expect(timeline).toMatchObject({ text: 'ab', chunkMs: [100, 200], failure: null })
  })

  test('newline-delimited JSON is a stream', () => {
    const line = (piece: string, more = {}) => `${JSON.stringify({ choices: [{ text: piece, ...more }] })}\r\n`
    const timeline = read(
      { contentType: 'application/x-ndjson' },
      `\n${line('a')}`,
      line('b', { finish_reason: 'stop' }).trim(),
    )
    expect(timeline).toMatchObject({ text: 'ab', chunkMs: [100, 200], failure: null })
  })

  test('a stream that comes in one read is marked, one that comes in pieces is not', () => {
    const pieces = Array.from({ length: 20 }, () => text('a'))
    const marked = (...reads: string[]) => read({}, ...reads, DONE).notStreamed
    expect(marked(pieces.join(''))).toBe(true)
    expect(marked(text('a'), pieces.slice(2).join(''), text('a'))).toBe(true)
    expect(marked(...pieces)).toBe(false)
    expect(marked(pieces.slice(5).join(''), pieces.slice(15).join(''))).toBe(false)
    expect(marked(text('one') + text('two'))).toBe(false)
  })
})

describe('a connection that breaks or is cut', () => {
  const reset = { class: 'reset', message: 'gone' } as const

  test.each<{ story: string; response?: Response; reads: string[]; failure: string | null }>([
    { story: 'in mid-stream fails the request', reads: [text('a')], failure: 'reset: gone' },
    { story: 'in mid-event fails the request', reads: [text('a'), 'data: {"ch'], failure: 'reset: gone' },
    {
      story: 'after finish_reason fails it still',
      reads: [text('a', { finish_reason: 'stop' })],
      failure: 'reset: gone',
    },
    { story: 'after [DONE] does no harm', reads: [text('a'), DONE], failure: null },
    {
      story: 'after [DONE] does not make an empty answer good',
      reads: [DONE],
      failure: 'empty: nothing was generated',
    },
    {
      story: 'after an error of the server leaves that',
      reads: [event({ error: 'x' })],
      failure: 'in_stream_error: x',
    },
    {
      story: 'inside a refusal leaves its words',
      response: { status: 500 },
      reads: ['no room'],
      failure: 'status: HTTP 500: no room',
    },
    {
      story: 'inside a JSON body fails it',
      response: { contentType: JSON_TYPE },
      reads: ['{"choices"'],
      failure: 'reset: gone',
    },
  ])('$story', ({ response = {}, reads, failure }) => {
    const { reader, timeline } = reading(response, reads)
    reader.fail(reset, 500)
    expect(failureOf(timeline)).toBe(failure)
    expect(timeline).toMatchObject({ endMs: 500, censored: false })
  })

  test.each<{ story: string; response?: Response; reads: string[]; censored: boolean; failure: string | null }>([
    { story: 'before any byte is censored', reads: [], censored: true, failure: null },
    { story: 'in mid-stream is censored', reads: [text('a')], censored: true, failure: null },
    { story: 'after [DONE] is answered', reads: [text('a'), DONE], censored: false, failure: null },
    {
      story: 'after an error has failed',
      reads: [event({ error: 'x' })],
      censored: false,
      failure: 'in_stream_error: x',
    },
    {
      story: 'inside a refusal has failed',
      response: { status: 500 },
      reads: ['no'],
      censored: false,
      failure: 'status: HTTP 500: no',
    },
  ])('by us $story', ({ response = {}, reads, censored, failure }) => {
    const { reader, timeline } = reading(response, reads)
    reader.cancel(500)
    expect(failureOf(timeline)).toBe(failure)
    expect(timeline).toMatchObject({ endMs: 500, censored })
  })

  test('before there was an answer fails the request', () => {
    const timeline = new Timeline(0, null)
    new ResponseReader(timeline, { endpoint: openai, stream: true, maxTokens: 1, n: 1, keepText: true }).fail(reset, 7)
    expect(timeline).toMatchObject({ failure: reset, endMs: 7, status: 0 })
  })
})
