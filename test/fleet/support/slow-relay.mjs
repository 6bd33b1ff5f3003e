// node slow-relay.mjs LATENCY_MS JITTER_MS LOSS_PERCENT FROM TO [FROM TO …], addresses as HOST:PORT.
// Hands TCP connections on as a slow and lossy network does, for kernels that have no netem: what is
// sent arrives later, in order, and what was lost arrives after TCP has sent it again.
import { connect, createServer } from 'node:net'

/** After so long Linux sends again what was not acknowledged. */
const RETRANSMISSION_MS = 200

const [latencyMs, jitterMs, lossPercent] = process.argv.slice(2, 5).map(Number)
const addresses = process.argv.slice(5)
let listening = 0

for (let i = 0; i < addresses.length; i += 2) {
  const to = addressOf(addresses[i + 1])
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true })
    handOn(near, far)
    handOn(far, near)
  })
  server.listen(addressOf(addresses[i]), () => {
    if (++listening * 2 === addresses.length) process.stdout.write('ready\n')
  })
}

function addressOf(text) {
  const [host, port] = text.split(':')
  return { host, port: Number(port) }
}

function travelMs() {
  const lostMs = Math.random() * 100 < lossPercent ? RETRANSMISSION_MS : 0
  return latencyMs + (2 * Math.random() - 1) * jitterMs + lostMs
}

function handOn(from, to) {
  const queue = []
  let arrivalMs = 0
  const send = (deliver) => {
    arrivalMs = Math.max(arrivalMs, performance.now() + travelMs())
    queue.push({ atMs: arrivalMs, deliver })
    if (queue.length === 1) wait()
  }
  const wait = () => setTimeout(deliverDue, queue[0].atMs - performance.now())
  const deliverDue = () => {
    while (queue.length > 0 && queue[0].atMs <= performance.now()) queue.shift().deliver()
    if (queue.length > 0) wait()
  }
  from.on('data', (data) => send(() => to.write(data)))
  from.on('end', () => send(() => to.end()))
  from.on('close', () => send(() => to.destroy()))
  from.on('error', () => {})
}
