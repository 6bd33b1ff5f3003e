import { createServer } from 'node:net'
import { endpointOf, generatorAt, ResponseReader, Timeline } from '@llmload/core'
import { Client } from 'undici'
import { afterEach, describe, expect, test } from 'vitest'
import { failureOf, Loopback, post } from '../../../../test/support/loopback.js'

/** How often each answer is cut at other places. */
const CUTS = 15
const SEED = 11

const net = new Loopback()

afterEach(() => net.close())

const token = (text: string, more = {}) => `data: ${JSON.stringify({ choices: [{ index: 0, text, ...more }] })}\n\n`
const EVENTS = [
  ': queued\n\n',
  token('a'),
  token('é😀'),
  `event: message\n${token('c', { finish_reason: 'stop' })}`,
  'data: {"choices":[],"usage":{"completion_tokens":3}}\n\n',
  'data: [DONE]\n\n',
]
const BODY = EVENTS.join('')

const lines = (...list: string[]) => `${list.join('\r\n')}\r\n`
const STATUS = 'HTTP/1.1 200 OK'
const STREAM = 'Content-Type: text/event-stream'
const chunk = (data: string, extension = '') => `${Buffer.byteLength(data).toString(16)}${extension}\r\n${data}\r\n`
const chunked = (chunks: string, ...more: string[]) =>
  `${lines(STATUS, STREAM, 'Transfer-Encoding: chunked', ...more)}\r\n${chunks}`
const END = '0\r\n\r\n'

/** Answers that both read, and to the same end. */
const GOOD: Record<string, string> = {
  'chunks that are events': chunked(EVENTS.map((event) => chunk(event)).join('') + END),
  'chunks of four characters': chunked(
    BODY.match(/.{1,4}/gsu)
      ?.map((part) => chunk(part))
      .join('') + END,
  ),
  'chunk extensions': chunked(chunk(BODY, ';a=b;c') + END),
  trailers: chunked(`${chunk(BODY)}0\r\nDigest: abc\r\nX: \r\n\r\n`, 'Trailer: Digest'),
  'a length': `${lines(STATUS, STREAM, `Content-Length: ${Buffer.byteLength(BODY)}`)}\r\n${BODY}`,
  'the end of the connection': `${lines(STATUS, STREAM)}\r\n${BODY}`,
  'HTTP/1.0': `${lines('HTTP/1.0 200 OK', STREAM)}\r\n${BODY}`,
  'early hints': `${lines('HTTP/1.1 103 Early Hints', 'Link: </a>')}\r\n${chunked(chunk(BODY) + END)}`,
  'a refusal': `${lines('HTTP/1.1 429 Too Many', 'Content-Length: 21')}\r\n{"error":"slow down!"}`,
  'a redirect': `${lines('HTTP/1.1 307 x', 'Location: /v2', 'Content-Length: 0')}\r\n`,
  'no body': `${lines('HTTP/1.1 204 No Content')}\r\n`,
  'no reason': `${lines('HTTP/1.1 200', STREAM)}\r\n${BODY}`,
  'a stream that is cut off by its end': chunked(chunk(token('a')) + END),
  JSON: `${lines(STATUS, 'Content-Type: application/json', 'Content-Length: 43')}\r\n{"choices":[{"text":"abc"}],"usage":null   }`,
}

/** Answers that neither takes. */
const BAD: Record<string, string> = {
  'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
  'a chunk without a size': chunked('xyz\r\n'),
  'a chunk longer than its size': chunked('3\r\nabcdef\r\n0\r\n\r\n'),
  'chunks without end': chunked(chunk(token('a'))),
  'a length that is not reached': `${lines(STATUS, STREAM, 'Content-Length: 999')}\r\n${token('a')}`,
  'both lengths': `${lines(STATUS, STREAM, 'Content-Length: 3', 'Transfer-Encoding: chunked')}\r\n${chunk(BODY)}${END}`,
  'two lengths': `${lines(STATUS, STREAM, 'Content-Length: 3', 'Content-Length: 4')}\r\nabc`,
  'a length below zero': `${lines(STATUS, 'Content-Length: -3')}\r\nabc`,
  'a space before a colon': `${lines(STATUS, 'A : b')}\r\n${BODY}`,
  'a NUL in a header': `${lines(STATUS, 'A: \0')}\r\n${BODY}`,
  'a header without a name': `${lines(STATUS, ': b')}\r\n${BODY}`,
  'headers without end': `${STATUS}\r\nA: ${'x'.repeat(100_000)}`,
  nothing: '',
}

/** A server that sends these bytes, in pieces cut where the draw wants it, and then closes; returns its host. */
async function serverOf(answer: Buffer, draw: () => number): Promise<string> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.once('data', async () => {
      for (let at = 0; at < answer.length; ) {
        const to = at + 1 + Math.floor(draw() ** 4 * answer.length)
        socket.write(answer.subarray(at, to))
        at = to
        await new Promise(setImmediate)
      }
      socket.end()
    })
  })
  return `127.0.0.1:${await net.listen(server)}`
}

/** What undici and the same reader make of an answer. */
function byUndici(host: string): Promise<Timeline> {
  const timeline = new Timeline(0, null)
  const expected = {
    endpoint: endpointOf('openai'),
    stream: true,
    maxTokens: 5,
    n: 1,
    keepText: true,
    thinkTags: false,
  }
  const reader = new ResponseReader(timeline, expected)
  const client = new Client(`http://${host}`)
  return new Promise((resolve) => {
    const over = () => {
      client.destroy().then(
        () => resolve(timeline),
        () => {},
      )
    }
    const request = { method: 'POST', path: '/v1/completions', body: '{}' } as const
    client.dispatch(request, {
      onRequestStart: () => {},
      onResponseStart: (_, status, headers) => {
        const [type, location] = [headers['content-type'], headers.location].map(String)
        if (status >= 200) reader.headers(status, type ?? '', 0, headers.location ? location : null)
      },
      onResponseData: (_, data) => reader.data(data, 0),
      onResponseEnd: () => {
        reader.end(0)
        over()
      },
      onResponseError: (_, error) => {
        reader.fail({ class: 'parse', message: error.message }, 0)
        over()
      },
    })
  })
}

/** What was read, without when. */
function resultOf(timeline: Timeline) {
  const { status, text, chars, chunks, bodyBytes, completionTokens, finishReason, failure } = timeline
  return { status, text, chars, chunks, bodyBytes, completionTokens, finishReason, failure }
}

const drawOf = (name: string, cut: number) => generatorAt(SEED, name, cut)

describe('our client and undici read the same from', () => {
  test.each(Object.entries(GOOD))('%s', async (name, answer) => {
    for (let cut = 0; cut < CUTS; cut++) {
      const host = await serverOf(Buffer.from(answer), drawOf(name, cut))
      const host2 = await serverOf(Buffer.from(answer), drawOf(name, cut))
      const [ours, theirs] = await Promise.all([post(net.client(`http://${host}`)), byUndici(host2)])
      expect(resultOf(ours)).toEqual(resultOf(theirs))
      expect(ours.status).toBeGreaterThan(0)
      await net.close()
    }
  })
})

describe('our client and undici both refuse', () => {
  test.each(Object.entries(BAD))('%s', async (name, answer) => {
    for (let cut = 0; cut < CUTS; cut++) {
      const host = await serverOf(Buffer.from(answer), drawOf(name, cut))
      const [ours, theirs] = [await post(net.client(`http://${host}`)), await byUndici(host)]
      expect(failureOf(theirs)).not.toBeNull()
      expect(failureOf(ours)).toMatch(
        /^(parse: answer is not HTTP|truncated: connection closed|reset: connection closed)/,
      )
      await net.close()
    }
  })
})
