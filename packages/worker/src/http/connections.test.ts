import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Clock, systemClock } from '@llmload/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Loopback, until } from '../../../../test/support/loopback.js'
import type { Cargo, Connection } from './connection.js'
import { Connections } from './connections.js'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'
const net = new Loopback()
const real = systemClock()
let aheadMs = 0
const clock: Clock = { ...real, nowMs: () => real.nowMs() + aheadMs }

let server: Server
let sockets: Socket[] = []
let headers = ''
let connections: Connections

beforeEach(async () => {
  aheadMs = 0
  headers = ''
  sockets = []
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('data', () => socket.write(`${ANSWER}${headers}\r\nok`))
  })
  connections = new Connections(new URL(`http://127.0.0.1:${await net.listen(server)}`), clock)
})

afterEach(async () => {
  await connections.close()
  await net.close()
})

/** One request and its answer on a connection, which is then given back. */
async function exchange(connection: Connection): Promise<Connection> {
  await new Promise<void>((resolve, reject) => {
    const cargo: Cargo = {
      ...{ connected: () => {}, heard: () => {}, head: () => {}, body: () => {} },
      complete: () => resolve(),
      broken: (error) => reject(error),
    }
    connection.carry(cargo, [Buffer.from('POST / HTTP/1.1\r\n\r\n')])
  })
  connections.release(connection)
  return connection
}

/** So many connections at once, given back in the order in which they were made. */
async function open(count: number): Promise<Connection[]> {
  const all = Array.from({ length: count }, () => connections.open())
  for (const connection of all) await exchange(connection)
  return all
}

describe('an idle connection', () => {
  test('that was used last is used next', async () => {
    const [first, second, third] = await open(3)
    expect(connections.reuse()).toBe(third)
    expect(connections.reuse()).toBe(second)
    expect(connections.reuse()).toBe(first)
    expect(connections.reuse()).toBeNull()
  })

  test('is used for four seconds, then closed', async () => {
    await open(1)
    aheadMs = 3900
    const connection = connections.reuse()
    expect(connection).not.toBeNull()
    if (connection) await exchange(connection)
    aheadMs += 4000
    expect(connections.reuse()).toBeNull()
    await until(() => net.connections === 0)
  })

  test('is closed after four seconds even if nobody wants it', async () => {
    await open(2)
    aheadMs = 3900
    connections.dropStale()
    expect(net.connections).toBe(2)
    aheadMs = 4000
    connections.dropStale()
    await until(() => net.connections === 0)
  })

  test.each([
    { story: 'is used a second less than its server keeps it', header: 'Keep-Alive: timeout=3', limitMs: 2000 },
    { story: 'is never used for longer, whatever the server says', header: 'Keep-Alive: timeout=60', limitMs: 4000 },
  ])('$story', async ({ header, limitMs }) => {
    headers = `${header}\r\n`
    await open(1)
    aheadMs = limitMs - 100
    const connection = connections.reuse()
    expect(connection).not.toBeNull()
    if (connection) await exchange(connection)
    aheadMs += limitMs
    expect(connections.reuse()).toBeNull()
  })

  test.each(['Connection: close', 'Keep-Alive: timeout=1'])('is none after %s', async (header) => {
    headers = `${header}\r\n`
    await open(1)
    expect(connections.reuse()).toBeNull()
  })

  test('that its server closes is not used', async () => {
    const [connection] = await open(1)
    sockets[0]?.end()
    await until(() => connection?.isOpen === false)
    expect(connections.reuse()).toBeNull()
  })

  test('on which its server says something is closed: that could be taken for the next answer', async () => {
    const [connection] = await open(1)
    sockets[0]?.write(`${ANSWER}\r\nno`)
    await until(() => connection?.isOpen === false)
    expect(connections.reuse()).toBeNull()
  })

  test('whose answer has more behind it is not used', async () => {
    headers = '\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n'
    await open(1)
    expect(connections.reuse()).toBeNull()
  })
})

test('closing closes what is idle, what is busy and what is being made', async () => {
  await open(1)
  const busy = connections.open()
  const accepted = once(server, 'connection')
  busy.carry({ connected() {}, heard() {}, head() {}, body() {}, complete() {}, broken() {} }, [])
  await accepted
  connections.open()
  await connections.close()
  await until(() => net.connections === 0)
})
