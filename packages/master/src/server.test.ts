import { once } from 'node:events'
import { request } from 'undici'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { configOf } from '../test/master-run.js'
import {
  generateToken,
  isLoopback,
  listen,
  type MasterServer,
  openPort,
  type ServerOptions,
  workerCommand,
} from './server.js'

const logged: string[] = []
const write = (_fields: object, message: string): void => void logged.push(message)
const log = { debug: write, info: write, warn: write, error: write }

const open: MasterServer[] = []
afterEach(async () => {
  logged.length = 0
  for (const server of open.splice(0)) await server.close()
})

async function serve(options: Partial<ServerOptions> = {}): Promise<number> {
  const server = await listen({ host: '127.0.0.1', port: 0, token: 'secret', log, onWorker: () => {}, ...options })
  open.push(server)
  return server.address.port
}

/** The HTTP status that refuses a WebSocket, or `open`. */
async function knock(url: string, headers: Record<string, string> = {}): Promise<number | 'open'> {
  const socket = new WebSocket(url, { headers })
  socket.on('error', () => {})
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode)
  const outcome = await Promise.race([once(socket, 'open').then(() => 'open' as const), refused])
  socket.terminate()
  return outcome
}

describe('the port of a master', () => {
  test.each([
    { headers: { authorization: 'Bearer secret' }, outcome: 'open', story: 'the token' },
    { headers: { authorization: 'Bearer secrex' }, outcome: 401, story: 'another token of the same length' },
    { headers: { authorization: 'Bearer s' }, outcome: 401, story: 'a part of the token' },
    { headers: { authorization: 'secret' }, outcome: 401, story: 'the token without its scheme' },
    { headers: {}, outcome: 401, story: 'no token' },
    {
      headers: { authorization: 'Bearer secret', origin: 'http://localhost' },
      outcome: 403,
      story: 'the token, but from a web page',
    },
  ])('answers $outcome to a worker with $story', async ({ headers, outcome }) => {
    expect(await knock(`ws://127.0.0.1:${await serve()}/worker`, headers)).toBe(outcome)
  })

  test('says in its log why it turned someone away, and not with what token', async () => {
    await knock(`ws://127.0.0.1:${await serve()}/worker`, { authorization: 'Bearer guess' })
    expect(logged).toEqual(['a connection was turned away: wrong token'])
  })

  test('has nothing on other paths', async () => {
    const port = await serve({ token: null })
    expect(await knock(`ws://127.0.0.1:${port}/other`)).toBe(404)
    expect((await request(`http://127.0.0.1:${port}/worker`)).statusCode).toBe(404)
  })

  test('says that it is well', async () => {
    const { statusCode, body } = await request(`http://127.0.0.1:${await serve()}/health`)
    expect([statusCode, await body.text()]).toEqual([200, 'ok\n'])
  })

  test('that is taken is an error that names it', async () => {
    const port = await serve()
    await expect(serve({ port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `port ${port} of 127.0.0.1 is in use`,
    })
  })

  test('on an address of another host is an error of the option', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'BAD_OPTIONS',
      message: expect.stringMatching(/^cannot listen on 192\.0\.2\.1: /),
      hint: 'give --master-bind-host an address of this host, or 0.0.0.0',
    })
  })
})

describe('the port that a run opens', () => {
  const portOf = async (
    role: 'local' | 'master',
    fleet: Parameters<typeof configOf>[0] = {},
  ): Promise<MasterServer> => {
    const server = await openPort(role, configOf(fleet).fleet, log, () => {})
    open.push(server)
    return server
  }

  test('for its own workers is any free one of this host, with a token of its own', async () => {
    const [one, two] = [await portOf('local'), await portOf('local')]
    expect(one.address.host).toBe('127.0.0.1')
    expect(one.address.port).not.toBe(two.address.port)
    expect(one.address.token).toHaveLength(32)
    expect(one.address.token).not.toBe(two.address.token)
  })

  test('as a master on loopback needs no token', async () => {
    expect((await portOf('master')).address.token).toBeNull()
    expect(logged[0]).toMatch(
      /^Waiting for workers\. Start them with: npx llmload --worker --master-host 127\.0\.0\.1 --master-port \d+$/,
    )
  })

  test('as a master for all makes a token and prints the command to paste; local workers use loopback', async () => {
    const { address } = await portOf('master', { fleet: { masterBindHost: '0.0.0.0' } })
    expect(address.host).toBe('127.0.0.1')
    expect(logged[0]).toContain(`: LLMLOAD_TOKEN=${address.token} npx llmload --worker --master-host `)
    expect(await knock(`ws://127.0.0.1:${address.port}/worker`)).toBe(401)
    expect(await knock(`ws://127.0.0.1:${address.port}/worker`, { authorization: `Bearer ${address.token}` })).toBe(
      'open',
    )
  })

  test('with a token that was given does not print it', async () => {
    const { address } = await portOf('master', { fleet: { masterBindHost: '0.0.0.0', token: 'my-secret' } })
    expect(address.token).toBe('my-secret')
    expect(logged[0]).toContain('Start them (LLMLOAD_TOKEN as here) with: npx llmload')
    expect(logged.join()).not.toContain('my-secret')
  })
})

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

test('tokens cannot be guessed', () => {
  expect(generateToken()).toMatch(/^[\w-]{32}$/)
})

test('the command of a worker names an address that other hosts can use', () => {
  expect(workerCommand('10.1.2.3', 5557, null)).toBe('npx llmload --worker --master-host 10.1.2.3 --master-port 5557')
  expect(workerCommand('0.0.0.0', 5557, 'T')).toMatch(
    /^LLMLOAD_TOKEN=T npx llmload --worker --master-host (?!0\.0\.0\.0)\S+ --master-port 5557$/,
  )
})
