import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import type { Failure } from '@llmload/core'
import { afterEach, describe, expect, test } from 'vitest'
import { failureOf, Loopback, post } from '../../../../test/support/loopback.js'
import { type Phase, transportFailure } from './transport-failure.js'

const net = new Loopback()
const token = (text: string) => `data: ${JSON.stringify({ choices: [{ index: 0, text }] })}\n\n`

afterEach(() => net.close())

describe('failures', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`
  const chunk = (data: string) => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`

  test.each<{ story: string; answer: (socket: Socket) => unknown; failure: string }>([
    {
      story: 'a reset before the answer',
      answer: (socket) => socket.resetAndDestroy(),
      failure: 'reset: connection reset before the answer (ECONNRESET)',
    },
    {
      story: 'a close before the answer',
      answer: (socket) => socket.end(),
      failure: 'reset: connection closed before the answer',
    },
    {
      story: 'a reset in mid-stream',
      answer: (socket) =>
        socket.write(chunked + chunk(token('a')), () => setTimeout(() => socket.resetAndDestroy(), 20)),
      failure: 'reset: connection reset in mid-answer (ECONNRESET)',
    },
    {
      story: 'a close in mid-stream',
      answer: (socket) => socket.end(chunked + chunk(token('a'))),
      failure: 'truncated: connection closed in mid-answer',
    },
    {
      story: 'a close in mid-stream of a server that keeps no connection',
      answer: (socket) =>
        socket.end(`${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(token('a'))}`),
      failure: 'truncated: connection closed in mid-answer',
    },
    {
      story: 'a body shorter than announced',
      answer: (socket) => socket.end(`${head}Content-Length: 999\r\n\r\n${token('a')}`),
      failure: 'truncated: connection closed in mid-answer',
    },
    {
      story: 'a stream that ends with its connection, unfinished',
      answer: (socket) => socket.end(`${head}\r\n${token('a')}`),
      failure: 'truncated: the stream ended without finish_reason or [DONE]',
    },
    {
      story: 'a server that does not speak HTTP',
      answer: (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
      failure: 'parse: answer is not HTTP/1.1: begins with "SSH-2.0-OpenSSH_9.2"',
    },
    {
      story: 'a chunk without a size',
      answer: (socket) => socket.write(`${chunked}xyz\r\n`),
      failure: 'parse: answer is not HTTP/1.1: Invalid character in chunk size "x"',
    },
    {
      story: 'headers without end',
      answer: (socket) => socket.write(`${head}X: ${'x'.repeat(1 << 20)}\r\n\r\n`),
      failure: 'parse: answer is not HTTP/1.1: headers too large',
    },
    {
      story: 'a body that is not the gzip that it claims to be',
      answer: (socket) => socket.write(`${head}Content-Encoding: gzip\r\n\r\n${token('a')}`),
      failure: 'parse: answer is not the gzip that it says it is',
    },
    {
      story: 'a compression that we cannot undo',
      answer: (socket) => socket.write(`${head}Content-Encoding: zstd\r\n\r\n${token('a')}`),
      failure: 'parse: answer is compressed by zstd, though identity was asked for',
    },
  ])('$story', async ({ answer, failure }) => {
    const host = await net.answerRaw(answer)
    const timeline = await post(net.client(`http://${host}`))
    expect(failureOf(timeline)).toBe(failure)
    expect(timeline.endMs).toBeGreaterThan(timeline.sentMs)
  })

  test('a port on which nobody listens', async () => {
    const server = createServer()
    const port = await net.listen(server)
    server.close()
    await once(server, 'close')
    for (const host of ['127.0.0.1', 'localhost']) {
      const timeline = await post(net.client(`http://${host}:${port}`))
      expect(failureOf(timeline)).toBe('connect: connection refused (ECONNREFUSED)')
      expect(timeline).toMatchObject({ status: 0, headersMs: Number.NaN })
    }
  })

  test('a name that nobody knows', async () => {
    const timeline = await post(net.client('http://no-such-host.invalid'))
    expect(failureOf(timeline)).toMatch(
      /^connect: (host name not found \(ENOTFOUND\)|no answer from the name server \(EAI_AGAIN\))$/,
    )
  })

  test('a refusal in the words of the server', async () => {
    const url = await net.respond((response) => response.writeHead(503).end('{"error":{"message":"overloaded"}}'))
    expect(failureOf(await post(net.client(url)))).toBe('status: HTTP 503: overloaded')
  })

  test('a redirect is not followed', async () => {
    let requests = 0
    const url = await net.respond((response) => {
      requests++
      response.writeHead(307, { location: '/v1/completions/' }).end()
    })
    const failure = 'status: HTTP 307: redirects to /v1/completions/; redirects are not followed'
    expect(failureOf(await post(net.client(url)))).toBe(failure)
    expect(requests).toBe(1)
  })
})

test.each<{ code: string; phase: Phase; failure: Failure }>([
  {
    code: 'EMFILE',
    phase: 'connecting',
    failure: { class: 'connect', message: 'too many open files; raise ulimit -n (EMFILE)' },
  },
  {
    code: 'EADDRNOTAVAIL',
    phase: 'connecting',
    failure: { class: 'connect', message: 'no free local port (EADDRNOTAVAIL)' },
  },
  { code: 'EACCES', phase: 'connecting', failure: { class: 'connect', message: 'EACCES' } },
  { code: 'CERT_HAS_EXPIRED', phase: 'connecting', failure: { class: 'tls', message: 'x (CERT_HAS_EXPIRED)' } },
  {
    code: 'EPIPE',
    phase: 'waiting',
    failure: { class: 'reset', message: 'connection reset before the answer (EPIPE)' },
  },
  {
    code: 'ETIMEDOUT',
    phase: 'reading',
    failure: { class: 'reset', message: 'connection reset in mid-answer (ETIMEDOUT)' },
  },
  { code: '', phase: 'reading', failure: { class: 'parse', message: 'answer could not be read: x' } },
])('$code while $phase', ({ code, phase, failure }) => {
  expect(transportFailure(Object.assign(new Error('x'), code && { code }), phase)).toEqual(failure)
})

describe('TLS', () => {
  const pem = readFileSync(new URL('./fixtures/self-signed.pem', import.meta.url))

  test('a certificate that nobody vouches for', async () => {
    const port = await net.listen(createTlsServer({ key: pem, cert: pem }, (_, response) => response.end()))
    const timeline = await post(net.client(`https://127.0.0.1:${port}`))
    expect(failureOf(timeline)).toBe('tls: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)')
  })

  test('a server that speaks plain HTTP', async () => {
    const url = await net.respond((response) => response.end())
    const [first, second] = [
      await post(net.client(url.replace('http:', 'https:'))),
      await post(net.client(url.replace('http:', 'https:'))),
    ]
    expect(first.failure?.class).toBe('tls')
    expect(failureOf(second)).toBe(failureOf(first))
  })

  test('a server that hangs up during the handshake', async () => {
    const host = await net.answerRaw((socket) => socket.end())
    const timeline = await post(net.client(`https://${host}`))
    expect(failureOf(timeline)).toBe('tls: connection closed during the TLS handshake')
  })
})
