import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBrotliCompress, createDeflate, createGzip } from 'node:zlib'
import { Timeline } from '@llmload/core'
import { afterEach, describe, expect, test } from 'vitest'
import { clock, failureOf, Loopback, post, send, until } from '../../../../test/support/loopback.js'
import type { HttpClient } from './client.js'

const net = new Loopback()
const EVENT_STREAM = { 'content-type': 'text/event-stream' }
const DONE = 'data: [DONE]\n\n'
const token = (text: string) => `data: ${JSON.stringify({ choices: [{ index: 0, text }] })}\n\n`

afterEach(() => net.close())

function expectBetween(value: number, from: number, to: number): void {
  expect(value).toBeGreaterThanOrEqual(from)
  expect(value).toBeLessThan(to)
}

/** Sends one request after the other, each from the `onDone` of the one before. */
function closedLoop(client: HttpClient, requests: number): Promise<Timeline[]> {
  return new Promise((resolve) => {
    const timelines: Timeline[] = []
    const next = () => {
      if (timelines.length === requests) return resolve(timelines)
      const timeline = new Timeline(timelines.length, null)
      timelines.push(timeline)
      client.send({ body: Buffer.from('{}') }, timeline, next)
    }
    next()
  })
}

describe('a request', () => {
  test('has the path behind the prefix of the base URL, the body, and our headers', async () => {
    let seen: Partial<IncomingMessage> = {}
    let body = ''
    const url = await net.respond(async (response, request) => {
      seen = request
      for await (const chunk of request) body += chunk
      response.writeHead(200, EVENT_STREAM).end(token('a') + DONE)
    })
    const client = net.client(`${url}/proxy`, { secrets: { apiKey: 'k' } })
    expect((await post(client, '{"prompt":"é"}')).failure).toBeNull()
    expect([seen.method, seen.url, body]).toEqual(['POST', '/proxy/v1/completions', '{"prompt":"é"}'])
    expect(seen.headers).toEqual({
      ...{ host: new URL(url).host, connection: 'keep-alive', 'content-length': '15' },
      ...{ 'content-type': 'application/json', accept: '*/*', 'accept-encoding': 'identity' },
      ...{ 'user-agent': 'llmload', authorization: 'Bearer k' },
    })
  })

  test.each<{ story: string; headers: OutgoingHttpHeaders; connections: number }>([
    { story: 'uses the connection of the one that has just ended', headers: {}, connections: 1 },
    { story: 'makes a new one where the server keeps none', headers: { connection: 'close' }, connections: 5 },
  ])('$story', async ({ headers, connections }) => {
    const ports = new Set<number | undefined>()
    const url = await net.respond((response, request) => {
      ports.add(request.socket.remotePort)
      response.writeHead(200, { ...EVENT_STREAM, ...headers }).end(token('a') + DONE)
    })
    const timelines = await closedLoop(net.client(url), 5)
    expect(timelines.map(({ failure }) => failure)).toEqual([null, null, null, null, null])
    expect(timelines.filter(({ newConnection }) => newConnection)).toHaveLength(connections)
    expect(ports.size).toBe(connections)
  })

  test('does not use a connection that its server has closed', async () => {
    const url = await net.respond((response, { socket }) => {
      response.once('finish', () => socket.end())
      response.writeHead(200, EVENT_STREAM).end(token('a') + DONE)
    })
    const client = net.client(url)
    expect((await post(client)).failure).toBeNull()
    await until(() => net.connections === 0)
    expect(await post(client)).toMatchObject({ failure: null, newConnection: true })
  })

  test('is never over before send has returned, not even where it cannot be sent', async () => {
    const timeline = new Timeline(0, null)
    let over = false
    net.client('http://127.0.0.1:1').send({ body: Buffer.from('{}') }, timeline, () => {
      over = true
    })
    expect(over).toBe(false)
    await until(() => over)
    expect(failureOf(timeline)).toBe('connect: connection refused (ECONNREFUSED)')
  })

  test('of 300 KB arrives whole, and holds up nobody', async () => {
    const prompt = 'é'.repeat(150_000)
    const url = await net.respond(async (response, request) => {
      let length = 0
      for await (const chunk of request) length += chunk.length
      response.writeHead(200, EVENT_STREAM).end(token(`${length}`) + DONE)
    })
    const client = net.client(url)
    const timelines = await Promise.all(Array.from({ length: 20 }, () => post(client, prompt)))
    expect(timelines.map(({ text }) => text)).toEqual(timelines.map(() => '300000'))
  })

  test('that is answered before it is sent to its end leaves a connection that is not used again', async () => {
    const host = await net.answerRaw((socket) => {
      socket.pause()
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno')
    })
    const client = net.client(`http://${host}`)
    const answers = [await post(client, 'x'.repeat(50_000_000)), await post(client)]
    expect(answers.map(failureOf)).toEqual(['status: HTTP 413: no', 'status: HTTP 413: no'])
    expect(answers.map(({ newConnection }) => newConnection)).toEqual([true, true])
  })

  test('cannot be sent once the client is closed', async () => {
    const client = net.client('http://127.0.0.1:9')
    await client.close()
    expect(() => send(client)).toThrow('the HTTP client is closed')
  })
})

describe('marks', () => {
  test('are those of the instants at which a server sent', async () => {
    const sentMs: number[] = []
    const url = await net.respond(async (response) => {
      response.writeHead(200, EVENT_STREAM)
      const steps = [
        () => response.flushHeaders(),
        ...[': queued\n\n', token(''), token('a'), token('b'), token('c')].map((piece) => () => response.write(piece)),
        () => response.write('data: {"choices":[],"usage":{"completion_tokens":3}}\n\n'),
        () => response.write(DONE),
        () => response.end(),
      ]
      for (const step of steps) {
        await sleep(40)
        sentMs.push(clock.nowMs())
        step()
      }
    })
    const t = await post(net.client(url))
    const marks = [t.headersMs, t.firstByteMs, t.firstChoicesMs, ...t.chunkMs, t.usageMs, t.doneMs, t.endMs]
    expect(t.failure).toBeNull()
    expect(t.firstEventMs).toBe(t.firstChoicesMs)
    expect(marks).toHaveLength(sentMs.length)
    for (const [i, markMs] of marks.entries()) {
      expectBetween(markMs - (sentMs[i] ?? Number.NaN), 0, 40)
    }
  })

  test('are one and the same for all that a read brings, the end included', async () => {
    const chunk = (data: string) => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`
    const chunks = [...Array.from({ length: 50 }, () => token('a')), DONE, ''].map(chunk).join('')
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
    const host = await net.answerRaw((socket) => socket.write(head + chunks))
    const t = await post(net.client(`http://${host}`))
    expect(new Set([t.headersMs, t.firstByteMs, ...t.chunkMs, t.doneMs, t.endMs]).size).toBe(1)
    expect(t).toMatchObject({ chunks: 50, notStreamed: true })
  })

  test('of a body that ends with its connection', async () => {
    const host = await net.answerRaw(async (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${token('a')}`)
      await sleep(50)
      socket.end(DONE)
    })
    const t = await post(net.client(`http://${host}`))
    expect(t).toMatchObject({ failure: null, text: 'a' })
    expect(t.doneMs - t.firstTokenMs).toBeGreaterThan(25)
    expect(t.endMs).toBeGreaterThanOrEqual(t.doneMs)
  })

  test('of an answer that is not streamed', async () => {
    const url = await net.respond(async (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      await sleep(50)
      response.end('{"choices":[{"text":"abc"}],"usage":{"completion_tokens":2}}')
    })
    const t = await post(net.client(url, { target: { stream: false } }))
    expect(t).toMatchObject({ failure: null, text: 'abc', completionTokens: 2, firstTokenMs: Number.NaN })
    expect(t.endMs - t.headersMs).toBeGreaterThan(25)
  })

  test('early hints are not the answer', async () => {
    const url = await net.respond(async (response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' })
      await sleep(50)
      response.writeHead(200, EVENT_STREAM).end(token('a') + DONE)
    })
    const t = await post(net.client(url))
    expect(t).toMatchObject({ failure: null, status: 200 })
    expect(t.headersMs - t.sentMs).toBeGreaterThan(25)
  })

  test.each([
    { encoding: 'gzip', compressor: createGzip },
    { encoding: 'deflate', compressor: createDeflate },
    { encoding: 'br', compressor: createBrotliCompress },
  ])('of a stream in $encoding, which nobody asked for', async ({ encoding, compressor }) => {
    const url = await net.respond(async (response) => {
      const stream = compressor()
      response.writeHead(200, { ...EVENT_STREAM, 'content-encoding': encoding })
      stream.pipe(response)
      for (const piece of [token('a'), token('b'), DONE]) {
        stream.write(piece)
        await new Promise<void>((resolve) => stream.flush(resolve))
        await sleep(40)
      }
      stream.end()
    })
    const t = await post(net.client(url))
    expect(t).toMatchObject({ failure: null, text: 'ab' })
    expect(t.lastTokenMs - t.firstTokenMs).toBeGreaterThan(20)
    expect(t.endMs - t.doneMs).toBeGreaterThan(20)
  })
})

test('500 streams at once all arrive, each on its own connection', async () => {
  let open = 0
  const url = await net.respond(async (response) => {
    response.writeHead(200, EVENT_STREAM).flushHeaders()
    if (++open === 500) for (const resume of waiting.splice(0)) resume()
    else await new Promise<void>((resolve) => waiting.push(resolve))
    for (let i = 0; i < 10; i++) {
      response.write(token(`${i}`))
      await sleep(5)
    }
    response.end(DONE)
  })
  const waiting: (() => void)[] = []
  const client = net.client(url)
  const timelines = await Promise.all(Array.from({ length: 500 }, () => post(client)))
  expect(timelines.filter(({ failure, text }) => failure === null && text === '0123456789')).toHaveLength(500)
  expect(net.connections).toBe(500)
})

describe('deadlines', () => {
  test('of a whole request', async () => {
    const url = await net.respond(async (response) => {
      response.writeHead(200, EVENT_STREAM)
      while (response.writable) {
        response.write(': ping\n\n')
        await sleep(20)
      }
    })
    const t = await post(net.client(url, { load: { timeoutS: 0.3 } }))
    expect(t.failure).toEqual({ class: 'timeout_total', message: 'no complete answer within 0.3 s' })
    expectBetween(t.endMs - t.sentMs, 300, 1000)
  })

  test('of silence, before the headers and in mid-stream', async () => {
    const silent = await net.respond(() => {})
    const stalled = await net.respond((response) => response.writeHead(200, EVENT_STREAM).write(token('a')))
    for (const url of [silent, stalled]) {
      const t = await post(net.client(url, { load: { progressTimeoutS: 0.3 } }))
      expect(t.failure).toEqual({ class: 'timeout_progress', message: 'no byte for 0.3 s' })
      expectBetween(t.endMs - t.sentMs, 300, 1000)
    }
  })

  test('of a connection', async () => {
    const host = await net.answerRaw(() => {})
    const t = await post(net.client(`https://${host}`, { load: { progressTimeoutS: 0.3 } }))
    expect(t.failure).toEqual({ class: 'connect', message: 'no connection within 0.3 s' })
  })

  test('are put off by every byte, comments too', async () => {
    const url = await net.respond(async (response) => {
      response.writeHead(200, EVENT_STREAM)
      for (let i = 0; i < 10; i++) {
        await sleep(60)
        response.write(': ping\n')
      }
      response.end(token('a') + DONE)
    })
    expect(await post(net.client(url, { load: { progressTimeoutS: 0.3 } }))).toMatchObject({ failure: null, text: 'a' })
  })

  test('are one second for what follows [DONE]; the answer ended with its last byte', async () => {
    const url = await net.respond((response) => response.writeHead(200, EVENT_STREAM).write(token('a') + DONE))
    const started = clock.nowMs()
    const t = await post(net.client(url))
    expectBetween(clock.nowMs() - started, 1000, 2000)
    expect(t).toMatchObject({ failure: null, endMs: t.doneMs })
  })
})

describe('cutting off', () => {
  test('in mid-stream censors the request at once and closes its connection', async () => {
    const url = await net.respond((response) => {
      response.writeHead(200, EVENT_STREAM).write(token('a'))
    })
    const { timeline, inflight, done } = send(net.client(url))
    await until(() => timeline.chunks === 1)
    const cancelledMs = clock.nowMs()
    inflight.cancel()
    expect(timeline).toMatchObject({ censored: true, failure: null, text: 'a' })
    expectBetween(timeline.endMs, cancelledMs, clock.nowMs() + 1)
    await done
    await until(() => net.connections === 0)
  })

  test('before there is a connection censors too, and the connection is not kept', async () => {
    let requests = 0
    const url = await net.respond(() => requests++)
    const client = net.client(url)
    const { timeline, inflight, done } = send(client)
    inflight.cancel()
    await done
    expect(timeline).toMatchObject({ censored: true, failure: null, status: 0 })
    await client.close()
    expect(requests).toBe(0)
  })

  test('during a TLS handshake closes the connection', async () => {
    const host = await net.answerRaw(() => {})
    const { timeline, inflight } = send(net.client(`https://${host}`))
    await until(() => net.connections === 1)
    inflight.cancel()
    expect(timeline.censored).toBe(true)
    await until(() => net.connections === 0)
  })

  test('twice, or after the end, changes nothing', async () => {
    const url = await net.respond((response) => response.writeHead(200, EVENT_STREAM).end(token('a') + DONE))
    const { timeline, inflight, done } = send(net.client(url))
    await done
    const { endMs } = timeline
    inflight.cancel()
    expect(timeline).toMatchObject({ censored: false, failure: null, endMs })
  })

  test('a hundred streams and closing the client leaves no connection behind', async () => {
    const url = await net.respond((response) => response.writeHead(200, EVENT_STREAM).write(token('a')))
    const client = net.client(url)
    const all = Array.from({ length: 100 }, () => send(client))
    await until(() => all.every(({ timeline }) => timeline.chunks === 1))
    for (const { inflight } of all.slice(0, 50)) inflight.cancel()
    await client.close()
    const timelines = await Promise.all(all.map(({ done }) => done))
    expect(timelines.every(({ censored }) => censored)).toBe(true)
    await until(() => net.connections === 0)
  })
})
