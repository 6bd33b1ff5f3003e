/**
 * How much `llmload sim --fast` can send, and how late: node bench/sim-ceiling.mjs [processes …]
 *
 * A ladder of streams of 100 tokens/s against a reader that does next to nothing with them. The
 * lateness is the simulator's own account; the reader takes a core too, so the machine needs more
 * cores than the simulator has processes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const LLMLOAD = fileURLToPath(new URL('../packages/cli/bin/llmload.js', import.meta.url))
const STREAMS = [100, 200, 300, 400, 500, 600, 800, 1000, 1200, 1600, 2000]
const SECONDS = 6
const TOKENS_PER_S = 100

const body = JSON.stringify({ prompt: 'Hi', max_tokens: SECONDS * TOKENS_PER_S, ignore_eos: true, stream: true })
const request = `POST /v1/completions HTTP/1.1\r\nhost: sim\r\ncontent-length: ${body.length}\r\n\r\n${body}`

/** One stream, begun at its part of the first period: no two chunks are due at once. Resolves with its bytes. */
async function read(port, delayMs) {
  await sleep(delayMs)
  let bytes = 0
  const onread = {
    buffer: SHARED,
    callback: (count) => {
      bytes += count
      return true
    },
  }
  const socket = connect({ port, host: '127.0.0.1', onread })
  await once(socket, 'connect')
  socket.write(request)
  await sleep(SECONDS * 1000 + 500)
  socket.destroy()
  return bytes
}

const SHARED = Buffer.alloc(65_536)

async function step(processes, streams) {
  const args = ['sim', '--fast', '--stamp-chunks', '--port', '0', '--processes', String(processes)]
  const sim = spawn(process.execPath, [LLMLOAD, ...args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  let said = ''
  sim.stdout.on('data', (text) => (said += text))
  const [{ url }] = await once(sim, 'message')
  const { port } = new URL(url)
  await Promise.all(Array.from({ length: streams }, (_, i) => read(Number(port), (i / streams) * 1000)))
  sim.kill('SIGINT')
  await once(sim, 'close')
  return /(\d+) chunks .* p50 (\S+), p99 (\S+), max (\S+)/.exec(said) ?? []
}

const ladder = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 2]
console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`,
)
console.log('processes  streams  tokens/s asked  sent  late ms p50  p99  max')
for (const processes of ladder) {
  for (const streams of STREAMS) {
    const [, chunks = '0', p50 = '-', p99 = '-', max = '-'] = await step(processes, streams)
    const asked = streams * TOKENS_PER_S
    const share = Math.round((Number(chunks) / (streams * SECONDS * TOKENS_PER_S)) * 100)
    console.log([processes, streams, asked, `${share} %`, p50, p99, max].join('\t'))
    if (Number(p99) > 50) break
  }
}
