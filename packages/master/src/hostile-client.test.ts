import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Clock, systemClock } from '@llmload/core'
import { test as baseTest, describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { MAX_STRANGERS, STRANGER_LIMIT_MS } from './connections.js'
import { listen, type Route } from './listen.js'

/** A clock that can be set forward. */
class MovableClock implements Clock {
  readonly #clock = systemClock()
  aheadMs = 0
  nowMs = (): number => this.#clock.nowMs() + this.aheadMs
  wallMs = (monotonicMs: number): number => this.#clock.wallMs(monotonicMs)
}

/** More than is kept for a client that does not read. */
const ENDLESS_BYTES = 64 * 1024 * 1024

interface Port {
  readonly port: number
  readonly clock: MovableClock
  /** Ends of connections of workers, as the master sees them. */
  readonly faults: string[]
  /** Resolves when the answer of `/endless` is over. */
  readonly answered: Promise<void>
}

const nothing = (): void => {}
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

const test = baseTest.extend<{ open: () => Promise<Port> }>({
  open: async ({ onTestFinished }, use) => {
    await use(async () => {
      const clock = new MovableClock()
      const faults: string[] = []
      let over: () => void = nothing
      const endless: Route = {
        ...{ method: 'GET', path: '/endless', role: 'viewer' },
        handle: (_request, response) => {
          response.once('close', () => over())
          response.end(Buffer.alloc(ENDLESS_BYTES))
        },
      }
      const { port, close } = await listen({
        ...{ host: '127.0.0.1', port: 0, tls: null, routes: [endless], clock, log },
        access: { tokens: { worker: null, viewer: null, controller: null }, exposed: false },
        onWorker: (socket) => socket.on('error', (error) => faults.push(error.message)),
      })
      onTestFinished(close)
      const answered = new Promise<void>((resolve) => {
        over = resolve
      })
      return { port, clock, faults, answered }
    })
  },
})

async function join({ port }: Port): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/worker`)
  socket.on('error', nothing)
  await once(socket, 'open')
  return socket
}

async function dial({ port }: Port, text = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', nothing)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

async function closed(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = await once(socket, 'close')
  return [code, String(reason)]
}

const UPGRADE = `GET /worker HTTP/1.1
Host: localhost
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==

`.replaceAll('\n', '\r\n')

describe.concurrent('a client that', { timeout: 30_000 }, () => {
  test.for([
    { story: 'sends more messages than any worker', say: (socket: WebSocket) => socket.send('{}') },
    { story: 'answers pings that nobody sent', say: (socket: WebSocket) => socket.pong() },
  ])('$story is cut off with the reason', async ({ say }, { open }) => {
    const port = await open()
    const socket = await join(port)
    for (let i = 0; i < 6000; i++) say(socket)
    expect(await closed(socket)).toEqual([1008, 'more than 200 messages a second'])
    expect(port.faults[0]).toBe('more than 200 messages a second')
  })

  test('pings faster than it takes the answers is cut off', async ({ open }) => {
    const socket = await join(await open())
    for (let i = 0; i < 6000; i++) socket.ping()
    await closed(socket)
  })

  test('says a very long hello is cut off before anyone reads it', async ({ open }) => {
    const socket = await join(await open())
    socket.send('x'.repeat(100_000))
    expect(await closed(socket)).toEqual([1008, 'a hello of 100000 bytes'])
  })

  test('begins a message in pieces and never ends it is cut off', async ({ open }) => {
    const socket = await join(await open())
    for (let i = 0; i < 100; i++) socket.send('x', { fin: false })
    expect((await closed(socket))[0]).toBe(1008)
  })

  test('announces a frame of 1 GB is cut off at once', async ({ open }) => {
    const port = await open()
    const socket = await dial(port, UPGRADE)
    await once(socket, 'data')
    socket.write(Buffer.from('81ff000000004000000000000000', 'hex'))
    await once(socket, 'close')
    expect(port.faults).toEqual(['Max payload size exceeded'])
  })

  test.for([
    { story: 'says nothing', text: '' },
    { story: 'begins a request and goes no further', text: 'GET /health HTTP/1.1\r\nHost: lo' },
    { story: 'becomes a worker and does not say who it is', text: UPGRADE },
  ])('$story is cut off after ten seconds', async ({ text }, { open }) => {
    const port = await open()
    const socket = await dial(port, text)
    const end = once(socket.resume(), 'close')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(socket.destroyed).toBe(false)
    port.clock.aheadMs = STRANGER_LIMIT_MS
    await end
  })

  test('has said hello may stay', async ({ open }) => {
    const port = await open()
    const [worker, stranger] = [await join(port), await join(port)]
    worker.send('{"type":"hello"}')
    worker.ping()
    await once(worker, 'pong')
    port.clock.aheadMs = STRANGER_LIMIT_MS
    await closed(stranger)
    expect(worker.readyState).toBe(WebSocket.OPEN)
    worker.terminate()
  })

  test('opens connections without end loses the oldest, and keeps nobody out', async ({ open }) => {
    const port = await open()
    const sockets = await Promise.all(Array.from({ length: MAX_STRANGERS }, () => dial(port)))
    const first = once(sockets[0]?.resume() as Socket, 'close')
    const worker = await join(port)
    worker.send('{"type":"hello"}')
    await first
    expect(worker.readyState).toBe(WebSocket.OPEN)
    for (const socket of sockets) socket.destroy()
    worker.terminate()
  })

  test('does not read what it asked for is cut off', async ({ open }) => {
    const port = await open()
    const socket = await dial(port, 'GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await port.answered
    let readBytes = 0
    socket.on('data', ({ length }) => {
      readBytes += length
    })
    await once(socket, 'close')
    expect(readBytes).toBeLessThan(ENDLESS_BYTES)
  })
})
