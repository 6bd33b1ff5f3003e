import { once } from 'node:events'
import { systemClock } from '@llmload/core'
import { request } from 'undici'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { configOf } from '../test/master-run.js'
import { generateToken, isLoopback, type MasterServer, openPort, workerCommand } from './server.js'
import { type TlsIdentity, tlsIdentity } from './tls.js'

const logged: string[] = []
const printed: string[] = []
const write = (_fields: object, message: string): void => void logged.push(message)
const log = { debug: write, info: write, warn: write, error: write }

const open: MasterServer[] = []
afterEach(async () => {
  logged.length = 0
  printed.length = 0
  for (const server of open.splice(0)) await server.close()
})

/** The HTTP status that refuses a WebSocket, or `open`. */
async function knock(url: string, headers: Record<string, string> = {}): Promise<number | 'open'> {
  const socket = new WebSocket(url, { headers })
  socket.on('error', () => {})
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode)
  const outcome = await Promise.race([once(socket, 'open').then(() => 'open' as const), refused])
  socket.terminate()
  return outcome
}

describe('the port that a run opens', () => {
  const portOf = async (
    role: 'local' | 'master',
    fleet: Parameters<typeof configOf>[0] = {},
    tls: TlsIdentity | null = null,
  ): Promise<MasterServer> => {
    const server = await openPort(role, configOf(fleet).fleet, {
      clock: systemClock(),
      log,
      stderr: (text) => void printed.push(text),
      tls,
      routes: [],
      onWorker: () => {},
    })
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

  test('for its own workers is the one that was asked for', async () => {
    const { port } = (await portOf('local')).address
    await open.pop()?.close()
    expect((await portOf('local', { fleet: { masterPort: port } })).address.port).toBe(port)
    expect((await request(`http://127.0.0.1:${port}/health`)).statusCode).toBe(200)
  })

  test('as a master on loopback needs no token', async () => {
    expect((await portOf('master')).address.token).toBeNull()
    expect(logged[0]).toMatch(
      /^Waiting for workers\. Start them with: npx llmload --worker --master-host 127\.0\.0\.1 --master-port \d+$/,
    )
  })

  test('as a master for all makes a token and prints the command to paste, but logs neither', async () => {
    const { address } = await portOf('master', { fleet: { masterBindHost: '0.0.0.0' } })
    expect(address.host).toBe('127.0.0.1')
    expect(printed[0]).toMatch(/^LLMLOAD_TOKEN=[\w-]{32} npx llmload --worker --master-host \S+ --master-port \d+\n$/)
    expect(printed[0]).toContain(address.token)
    expect(logged.join()).not.toContain(address.token)
    expect(await knock(`ws://127.0.0.1:${address.port}/worker`)).toBe(401)
    expect(await knock(`ws://127.0.0.1:${address.port}/worker`, { authorization: `Bearer ${address.token}` })).toBe(
      'open',
    )
  })

  test('with TLS has a certificate that its own workers know, and others by the command', async () => {
    const made = { certFile: null, keyFile: null, masterFingerprint: null, caFile: null }
    const tls = tlsIdentity(made, systemClock())
    const { address } = await portOf('master', {}, tls)
    expect(address.fingerprint).toBe(tls.fingerprint)
    expect(logged[0]).toContain(` --master-fingerprint ${tls.fingerprint}`)
  })

  test('with a token that was given does not print it', async () => {
    const { address } = await portOf('master', { fleet: { masterBindHost: '0.0.0.0', token: 'my-secret' } })
    expect(address.token).toBe('my-secret')
    expect(logged[0]).toMatch(/^LLMLOAD_TOKEN is short/)
    expect(logged[1]).toContain('Start them (LLMLOAD_TOKEN as here) with: npx llmload')
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
  const command = { host: '10.1.2.3', port: 5557, fingerprint: null }
  expect(workerCommand(command)).toBe('npx llmload --worker --master-host 10.1.2.3 --master-port 5557')
  expect(workerCommand({ ...command, fingerprint: 'sha256:00' })).toMatch(/ --master-fingerprint sha256:00$/)
  expect(workerCommand({ ...command, host: '0.0.0.0' })).toMatch(
    /^npx llmload --worker --master-host (?!0\.0\.0\.0)\S+ --master-port 5557$/,
  )
})
