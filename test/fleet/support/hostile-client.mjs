// node hostile-client.mjs HOST PORT TOKEN VERSION PROTOCOL VICTIM
// Does to a master's port what it must withstand, one attack after the other, and says on stdout what
// came of each: a line of JSON { attack, answer }.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'

const [host, port, token, version, protocol, victim] = process.argv.slice(2)
const MIB = 2 ** 20
/** An attack that the master does not answer in this time has hung. */
const ANSWER_LIMIT_MS = 8000
const HELLO = { type: 'hello', protocol: Number(protocol), version, host: 'hostile', pid: 1 }

/** A WebSocket with headers of our choice; resolves with the HTTP status, or how the connection was closed. */
function talk(frames, { path = '/worker', authorization = `Bearer ${token}`, headers = {} } = {}) {
  const socket = new WebSocket(`ws://${host}:${port}${path}`, { headers: { authorization, ...headers } })
  return new Promise((resolve) => {
    const answers = []
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(`HTTP ${statusCode}`))
    socket.on('open', () => {
      for (const frame of frames) socket.send(frame)
    })
    socket.on('message', (data) => answers.push(JSON.parse(String(data)).type))
    socket.on('close', (code) => resolve([...answers, `closed ${code}`].join(' ')))
    socket.on('error', () => {})
  })
}

/** A connection after the handshake of a WebSocket, for frames that no library sends. */
async function upgraded() {
  const socket = connect({ host, port: Number(port) })
  socket.on('error', () => {})
  socket.write(
    `GET /worker HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer ${token}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  await once(socket, 'data')
  socket.resume()
  return socket
}

/** Header of a masked frame whose mask is 0. */
function frameHeader({ final = true, opcode = 1, length }) {
  const header = Buffer.alloc(14)
  header[0] = (final ? 0x80 : 0) | opcode
  header[1] = 0x80 | 127
  header.writeBigUInt64BE(BigInt(length), 2)
  return header
}

/** Sends parts until the master closes or `total` bytes have gone; says which. */
async function pour(socket, part, total) {
  const closed = once(socket, 'close').then(() => true)
  for (let sent = 0; sent < total; sent += part.length) {
    if (socket.destroyed) return 'closed'
    const drained = new Promise((resolve) => socket.write(part, resolve))
    if ((await Promise.race([closed, drained])) === true) return 'closed'
  }
  return 'took all of it'
}

async function garbage() {
  const socket = connect({ host, port: Number(port) })
  socket.on('error', () => {})
  socket.resume()
  socket.write(randomBytes(64 * 1024))
  await once(socket, 'close')
  return 'closed'
}

async function truncatedFrame() {
  const socket = await upgraded()
  socket.write(Buffer.concat([frameHeader({ length: 1000 }), Buffer.from('{"type":')]))
  socket.end()
  await once(socket, 'close')
  return 'closed'
}

async function oneGigabyteFrame() {
  const socket = await upgraded()
  socket.write(frameHeader({ length: 1024 * MIB }))
  return pour(socket, Buffer.alloc(MIB, 0x20), 1024 * MIB)
}

async function oneGigabyteInFragments() {
  const socket = await upgraded()
  const fragment = (opcode) => Buffer.concat([frameHeader({ final: false, opcode, length: MIB }), Buffer.alloc(MIB)])
  socket.write(fragment(1))
  return pour(socket, fragment(0), 1024 * MIB)
}

/** With a key that is guessed, but for a run and a worker that exist. */
async function stolenIdentity() {
  const socket = new WebSocket(`ws://${host}:${port}/worker`, { headers: { authorization: `Bearer ${token}` } })
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.send(json(HELLO))
  const [welcome] = await once(socket, 'message')
  socket.terminate()
  const { runId, key } = JSON.parse(String(welcome))
  return talk([json({ ...HELLO, resume: { runId, workerId: victim, key, heard: 0 } })])
}

const json = JSON.stringify
const ATTACKS = {
  garbage,
  'truncated frame': truncatedFrame,
  '1 GB frame': oneGigabyteFrame,
  '1 GB in fragments': oneGigabyteInFragments,
  'no token': () => talk([], { authorization: '' }),
  'wrong token': () => talk([], { authorization: 'Bearer wrong' }),
  'other path': () => talk([], { path: '/other' }),
  browser: () => talk([], { headers: { origin: 'http://evil.example' } }),
  'wrong version': () => talk([json({ ...HELLO, version: '0.0.1' })]),
  'wrong protocol': () => talk([json({ ...HELLO, protocol: 999 })]),
  'stolen identity': stolenIdentity,
  'not JSON': () => talk(['{"type":']),
  'deep JSON': () => talk(['['.repeat(MIB)]),
  'binary frame': () => talk([Buffer.from(json(HELLO))]),
  'delta before hello': () => talk([json({ type: 'delta', seq: 1 })]),
  'two hellos': () => talk([json(HELLO), json(HELLO)]),
  'huge field': () => talk([json({ ...HELLO, host: 'x'.repeat(3 * MIB) })]),
  'unknown field': () => talk([json({ ...HELLO, admin: true })]),
  'out of turn': () => talk([json(HELLO), json({ type: 'drained', lastSeq: 0, lastSentMs: null, endedMs: 0 })]),
}

/** Connections that say nothing, as long as the attacks go on. */
const silent = Array.from({ length: 50 }, () => connect({ host, port: Number(port) }).on('error', () => {}))
const flood = new WebSocket(`ws://${host}:${port}/worker`, { headers: { authorization: `Bearer ${token}` } })
flood.on('error', () => {})
flood.on('open', () => {
  flood.send(json(HELLO))
  for (let i = 0; i < 20_000; i++) flood.send(json({ type: 'ping', workerMs: i }))
})

for (const [attack, carryOut] of Object.entries(ATTACKS)) {
  const tooLate = delay(ANSWER_LIMIT_MS, 'no answer')
  const answer = await Promise.race([carryOut(), tooLate])
  process.stdout.write(`${json({ attack, answer })}\n`)
}
for (const socket of silent) socket.destroy()
flood.terminate()
process.exitCode = 0
