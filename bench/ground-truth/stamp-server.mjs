import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SERVER = join(tmpdir(), 'llmload-stamp-server')
const YARDSTICK = join(tmpdir(), 'llmload-stamp-client')
const RECORD_BYTES = 16
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
  const output = execFileSync(YARDSTICK, [port, users, tokens, seconds].map(String), { encoding: 'utf8' })
  await server.stop()
  return JSON.parse(output)
}

/** A running server. `stop` ends it and returns what it knows. */
export async function startStampServer() {
  const folder = mkdtempSync(join(tmpdir(), 'llmload-truth-'))
  const log = join(folder, 'log')
  const server = spawn(SERVER, [log], { stdio: ['ignore', 'pipe', 'inherit'] })
  // It has our stderr: whoever waits for the end of that would wait for ever if we crashed.
  process.once('exit', () => server.kill('SIGKILL'))
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
  const bytes = readFileSync(path)
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const truth = new Map()
  for (let at = 0; at < bytes.byteLength; at += RECORD_BYTES) {
    const request = words.getUint32(at, true)
    const chunk = words.getInt32(at + 4, true)
    const ms = Number(words.getBigInt64(at + 8, true)) / 1e6
    if (chunk < 0) truth.set(request, { readMs: ms, chunkMs: [] })
    else truth.get(request).chunkMs[chunk] = ms
  }
  return truth
}
