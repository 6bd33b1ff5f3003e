import { describe, expect, test } from 'vitest'
import {
  DONE,
  event,
  failureOf,
  JSON_TYPE,
  type Response,
  read,
  reading,
  TRUNCATED,
  text,
} from '../../test/response-reading.js'
import { MAX_EVENT_BYTES } from './line-splitter.js'

describe('failures', () => {
  test.each<{ story: string; response?: Response; reads: string[]; failure: string | null }>([
    {
      story: 'a refusal is told in the words of the server',
      response: { status: 503, contentType: JSON_TYPE },
      reads: ['{"error":{"mess', 'age":"server\\noverloaded"}}'],
      failure: 'status: HTTP 503: server overloaded',
    },
    {
      story: 'a refusal of load is a class of its own',
      response: { status: 429 },
      reads: ['slow down'],
      failure: 'shed: HTTP 429: slow down',
    },
    {
      story: 'so is one that says when to come again',
      response: { status: 503, retryAfterS: 5 },
      reads: ['busy'],
      failure: 'shed: HTTP 503: busy',
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

  test.each<{ story: string; reads: string[]; response?: Response; withoutDone: boolean }>([
    {
      story: 'a stream that ended with both',
      reads: [text('a', { finish_reason: 'length' }), DONE],
      withoutDone: false,
    },
    { story: 'one with a reason to finish alone', reads: [text('a', { finish_reason: 'length' })], withoutDone: true },
    { story: 'one that failed', reads: [text('a')], withoutDone: false },
    {
      story: 'lines of JSON, which have none',
      response: { contentType: 'application/x-ndjson' },
      reads: ['{"choices":[{"text":"a","finish_reason":"stop"}]}\n'],
      withoutDone: false,
    },
  ])('whether [DONE] was missing is known of $story', ({ reads, response = {}, withoutDone }) => {
    expect(read(response, ...reads).withoutDone).toBe(withoutDone)
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
