import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../packages/core/src/index.js'
import { selfMadeCertificate } from '../packages/master/src/self-made-certificate.js'
import { type TlsIdentity, tlsIdentity } from '../packages/master/src/tls.js'
import { connect } from '../packages/worker/src/link/connect.js'
import { Loopback } from './support/loopback.js'

const clock = systemClock()
const nowMs = clock.wallMs(clock.nowMs())
const loopback = new Loopback()
const folder = mkdtempSync(join(tmpdir(), 'llmload-tls-'))
afterEach(() => loopback.close())
afterAll(() => rmSync(folder, { recursive: true }))

function identity({ names = ['localhost'], atMs = nowMs } = {}): TlsIdentity {
  const { key, certificate } = selfMadeCertificate(names, atMs)
  writeFileSync(join(folder, 'key'), key)
  writeFileSync(join(folder, 'certificate'), certificate)
  const files = { certFile: join(folder, 'certificate'), keyFile: join(folder, 'key') }
  return tlsIdentity({ ...files, masterFingerprint: null, caFile: null }, { ...clock, wallMs: () => atMs })
}

const asked: string[] = []

/** Something that takes WebSockets by TLS, and notes what it is shown; returns its port. */
async function impostor({ key, certificate: cert }: TlsIdentity): Promise<number> {
  asked.length = 0
  const server: Server = createServer({ key, cert })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (_socket, request) => asked.push(request.headers.authorization ?? ''))
  return await loopback.listen(server)
}

const token = 'token-secret'

describe('a worker that was given a fingerprint', () => {
  test('joins the master that has it, whatever the name, and shows it the token', async () => {
    const own = identity({ names: ['another-name'] })
    const url = `wss://127.0.0.1:${await impostor(own)}/worker`
    const socket = await connect({ url, token, trust: { fingerprint: own.fingerprint } })
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.terminate()
    expect(asked).toEqual(['Bearer token-secret'])
  })

  test('turns another away before it has shown it anything, and says what it found', async () => {
    const [wanted, found] = [identity(), identity()]
    const url = `wss://localhost:${await impostor(found)}/worker`
    await expect(connect({ url, token, trust: { fingerprint: wanted.fingerprint } })).rejects.toMatchObject({
      code: 'MASTER_REFUSED',
      message: `the master at ${url} shows the certificate ${found.fingerprint}, not ${wanted.fingerprint}`,
    })
    expect(asked).toEqual([])
  })

  test('is told that there is no TLS where there is none', async () => {
    const port = await loopback.listen(createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    const url = `wss://127.0.0.1:${port}/worker`
    await expect(connect({ url, token, trust: { fingerprint: identity().fingerprint } })).rejects.toMatchObject({
      code: 'MASTER_UNREACHABLE',
      message: `what answers at ${url} does not speak TLS`,
    })
  })

  test('does not find a master that is not there', async () => {
    await expect(
      connect({ url: 'wss://127.0.0.1:9/worker', token, trust: { fingerprint: 'sha256:0' } }),
    ).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE', message: expect.stringContaining('ECONNREFUSED') })
  })
})

describe('a worker that was given an authority', () => {
  test('joins the master that it vouches for', async () => {
    const own = identity()
    const url = `wss://localhost:${await impostor(own)}/worker`
    const socket = await connect({ url, token, trust: { authorities: own.certificate } })
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.terminate()
  })

  test.each([
    { story: 'that another vouches for', shown: {}, trusted: null, why: /self-signed certificate/ },
    { story: 'that has another name', shown: { names: ['elsewhere'] }, trusted: 'own', why: /does not match/ },
    { story: 'whose time is over', shown: { atMs: nowMs - 800 * 24 * 3600 * 1000 }, trusted: 'own', why: /expired/ },
  ])('turns a master away $story', async ({ shown, trusted, why }) => {
    const own = identity(shown)
    const authorities = trusted === 'own' ? own.certificate : identity().certificate
    await expect(
      connect({ url: `wss://localhost:${await impostor(own)}/worker`, token, trust: { authorities } }),
    ).rejects.toMatchObject({
      code: 'MASTER_REFUSED',
      message: expect.stringMatching(why),
      hint: expect.stringContaining('--master-fingerprint'),
    })
    expect(asked).toEqual([])
  })
})

test('a worker without a reason to trust the master does not', async () => {
  const url = `wss://localhost:${await impostor(identity())}/worker`
  await expect(connect({ url, token })).rejects.toMatchObject({ code: 'MASTER_REFUSED' })
  expect(asked).toEqual([])
})

test('a worker that does not expect TLS is told that the master may', async () => {
  const url = `ws://localhost:${await impostor(identity())}/worker`
  await expect(connect({ url, token })).rejects.toMatchObject({
    code: 'MASTER_UNREACHABLE',
    hint: expect.stringContaining('whether it expects --tls'),
  })
})
