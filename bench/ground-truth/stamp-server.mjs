import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { percentiles } from '../peers/percentiles.mjs'

const SERVER = join(tmpdir(), 'llmload-stamp-server')
const YARDSTICK = join(tmpdir(), 'llmload-stamp-client')
const RECORD_BYTES = 16
const YARDSTICK_RECORD_BYTES = 24
/** USER_HZ, which is the same on every Linux. */
const TICKS_PER_S = 100

/** Compiles server and yardstick where that is needed; throws where there is no C compiler. */
export function compile() {
  for (const binary of [SERVER, YARDSTICK]) {
    const name = binary === SERVER ? 'stamp-server.c' : 'stamp-client.c'
    const source = fileURLToPath(new URL(name, import.meta.url))
    if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) continue
    execFileSync('cc', ['-O2', '-o', binary, source])
  }
}

/** What a client in C that does next to nothing reaches with so many streams. */
export async function yardstick({ users, tokens }, seconds) {
  const server = await startStampServer()
  const { port } = new URL(server.url)
  const folder = mkdtempSync(join(tmpdir(), 'llmload-yardstick-'))
  const file = join(folder, 'requests')
  const output = execFileSync(YARDSTICK, [port, users, tokens, seconds, file].map(String), { encoding: 'utf8' })
  const { truth } = await server.stop()
  const ttftErrorMs = percentiles(firstTokens(file).map(({ number, ms }) => ms - trueTtftMs(truth.get(number))))
  rmSync(folder, { recursive: true })
  return { ...JSON.parse(output), ttftErrorMs }
}

/** What passed for the server from reading a request to sending its first token. */
export const trueTtftMs = ({ readMs, chunkMs }) => (chunkMs[0] ?? Number.NaN) - readMs

/** What passed for the yardstick from sending a request to its first token. */
function firstTokens(path) {
  const words = viewOf(path)
  return Array.from({ length: words.byteLength / YARDSTICK_RECORD_BYTES }, (_, k) => {
    const [number, sentNs, firstNs] = [0, 8, 16].map((at) => words.getBigInt64(k * YARDSTICK_RECORD_BYTES + at, true))
    return { number: Number(number), ms: Number((firstNs ?? 0n) - (sentNs ?? 0n)) / 1e6 }
  })
}

function viewOf(path) {
  const bytes = readFileSync(path)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A running server. `stop` ends it and returns what it knows. */
export async function startStampServer() {
  const folder = mkdtempSync(join(tmpdir(), 'llmload-truth-'))
  const log = join(folder, 'log')
  const server = spawn(SERVER, [log], { stdio: ['ignore', 'pipe', 'inherit'] })
  // It has our stderr: whoever waits for the end of that would wait for ever if we crashed.
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]()
  const port = Number(/\d+/.exec((await lines.next()).value)?.[0])
  return {
    url: `http://127.0.0.1:${port}`,
    cpuSeconds: () => cpuSecondsOf(server.pid),
    async stop() {
      const exited = once(server, 'exit')
      server.kill('SIGTERM')
      const worstLateMs = Number(/[\d.]+/.exec((await lines.next()).value)?.[0])
      await exited
      process.off('exit', kill)
      const truth = readLog(log)
      rmSync(folder, { recursive: true })
      return { worstLateMs, truth }
    },
  }
}

/** Where Linux says it; 0 elsewhere. */
function cpuSecondsOf(pid) {
  try {
    const [userTicks, systemTicks] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13)
    return (Number(userTicks) + Number(systemTicks)) / TICKS_PER_S
  } catch {
    return 0
  }
}

/** By request: when it was read, and when each chunk was sent, in ms of the monotonic clock. */
function readLog(path) {
  const words = viewOf(path)
  const truth = new Map()
  for (let at = 0; at < words.byteLength; at += RECORD_BYTES) {
    const request = words.getUint32(at, true)
    const chunk = words.getInt32(at + 4, true)
    const ms = Number(words.getBigInt64(at + 8, true)) / 1e6
    if (chunk < 0) truth.set(request, { readMs: ms, chunkMs: [] })
    else truth.get(request).chunkMs[chunk] = ms
  }
  return truth
}
