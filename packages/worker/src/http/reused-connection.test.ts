import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { failureOf, Loopback, post, send } from '../../../../test/support/loopback.js'
import type { HttpClient } from './client.js'

const net = new Loopback()
const EVENTS = 'data: {"choices":[{"index":0,"text":"a"}]}\n\ndata: [DONE]\n\n'

afterEach(() => net.close())

describe('a connection that had been idle and turns out to be closed', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
  const answer = `${head}Content-Length: ${EVENTS.length}\r\n\r\n${EVENTS}`

  /** A server that answers the first request of each connection, and does something else with the second. */
  async function secondRequest(end: (socket: Socket) => unknown): Promise<HttpClient> {
    let connections = 0
    const server = createServer((socket) => {
      const fails = ++connections === 1
      let requests = 0
      socket.on('data', () => (++requests > 1 && fails ? end(socket) : socket.write(answer)))
    })
    return net.client(`http://127.0.0.1:${await net.listen(server)}`)
  }

  test.each([
    { story: 'closed', end: (socket: Socket) => socket.end() },
    { story: 'reset', end: (socket: Socket) => socket.resetAndDestroy() },
  ])('costs a second sending, which is recorded: $story', async ({ end }) => {
    const client = await secondRequest(end)
    expect(await post(client)).toMatchObject({ failure: null, newConnection: true, resent: false })
    expect(await post(client)).toMatchObject({ failure: null, newConnection: true, resent: true, text: 'a' })
    expect(net.connections).toBe(1)
  })

  test('but not once a byte has come back', async () => {
    const client = await secondRequest((socket) => socket.end('HTTP/1.1'))
    await post(client)
    const timeline = await post(client)
    expect(failureOf(timeline)).toBe('reset: connection closed before the answer')
    expect(timeline.resent).toBe(false)
  })

  test('nor a second time', async () => {
    const url = await net.answerRaw((socket) => socket.end())
    const timeline = await post(net.client(`http://${url}`))
    expect(failureOf(timeline)).toBe('reset: connection closed before the answer')
    expect(timeline.resent).toBe(false)
  })

  test('nor where we cut the request off', async () => {
    const client = await secondRequest(() => {})
    await post(client)
    const { timeline, inflight, done } = send(client)
    inflight.cancel()
    await done
    expect(timeline).toMatchObject({ censored: true, resent: false })
  })
})
