import { describe, expect, test } from 'vitest'
import { DONE, event, failureOf, JSON_TYPE, type Response, read, reading, text } from '../../test/response-reading.js'
import { openai } from '../endpoint/openai.js'
import { Timeline } from '../request/timeline.js'
import { ResponseReader } from './response-reader.js'

const delta = (fields: unknown, more: object = {}) => event({ choices: [{ index: 0, delta: fields, ...more }] })
const usage = (completion_tokens: number) => ({ prompt_tokens: 10, completion_tokens })

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

  test.each<{ story: string; reads: string[]; seen: Partial<Timeline> }>([
    {
      story: 'JSON',
      reads: [' ', '\n', '\n{"choices":[{"text":"a","finish_reason":"stop"}]}'],
      seen: { text: 'a', notStreamed: true, failure: null },
    },
    {
      story: 'a page',
      reads: ['\n', '\n<html><title>Hi</title>'],
      seen: { failure: { class: 'parse', message: 'expected an event stream, got a page: Hi' } },
    },
    {
      story: 'events',
      reads: ['\n', '\r\n', text('a'), DONE],
      seen: { text: 'a', firstByteMs: 100, firstTokenMs: 300 },
    },
    {
      story: 'nothing at all',
      reads: ['\n', ' '.repeat(2000)],
      seen: { failure: { class: 'truncated', message: 'the stream ended without finish_reason or [DONE]' } },
    },
  ])('white space in reads of its own does not hide $story', ({ reads, seen }) => {
    expect(read({ contentType: 'text/plain' }, ...reads)).toMatchObject(seen)
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
    new ResponseReader(timeline, {
      endpoint: openai,
      stream: true,
      maxTokens: 1,
      n: 1,
      keepText: true,
      thinkTags: false,
    }).fail(reset, 7)
    expect(timeline).toMatchObject({ failure: reset, endMs: 7, status: 0 })
  })
})
