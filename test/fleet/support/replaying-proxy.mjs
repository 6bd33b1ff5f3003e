// node replaying-proxy.mjs PORT MASTER_HOST MASTER_PORT
// Stands between a worker and its master, and sends the worker's deltas twice; once it also sends one
// before the one that it follows: 1 1 2 2 4 4 3 3 5 5 …
import { WebSocket, WebSocketServer } from 'ws'

/** This delta is held back until the next one has gone. */
const HELD = 3

const [port, masterHost, masterPort] = process.argv.slice(2)
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port) })
let deltas = 0
server.on('listening', () => process.stdout.write('ready\n'))

server.on('connection', (worker, { url, headers: { authorization = '' } }) => {
  const master = new WebSocket(`ws://${masterHost}:${masterPort}${url}`, { headers: { authorization } })
  const early = []
  let held = null

  const forward = (frame) => (master.readyState === WebSocket.OPEN ? master.send(frame) : early.push(frame))
  const twice = (frame) => {
    forward(frame)
    forward(frame)
  }

  worker.on('message', (data) => {
    const frame = String(data)
    if (JSON.parse(frame).type !== 'delta') return forward(frame)
    if (++deltas === HELD) {
      held = frame
      return
    }
    twice(frame)
    if (held !== null) twice(held)
    held = null
  })
  master.on('open', () => {
    for (const frame of early) master.send(frame)
  })
  master.on('message', (data) => worker.send(String(data)))
  for (const [one, other] of [
    [worker, master],
    [master, worker],
  ]) {
    one.on('close', () => other.terminate())
    one.on('error', () => other.terminate())
  }
})
