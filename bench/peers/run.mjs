/**
 * llmload and its peers against the same simulator, one after the other: what each reports, held
 * against what was really sent, and what it costs. `npm run bench:peers -- --help` lists the options.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { install, makeTokenizer } from './install.mjs'
import { LLMLOAD, PEERS } from './peers.mjs'
import { median } from './percentiles.mjs'
import { watchCpu } from './process-tree.mjs'
import { startSimulator } from './simulator.mjs'
import { tableOf } from './table.mjs'

const LOADS = [
  { name: '50 streams × 100 tokens/s', streams: 50, tokensPerS: 100 },
  { name: '200 streams × 50 tokens/s', streams: 200, tokensPerS: 50 },
  { name: '200 streams × 100 tokens/s', streams: 200, tokensPerS: 100 },
  { name: '400 streams × 50 tokens/s', streams: 400, tokensPerS: 50 },
  { name: '20 req/s × 100 tokens/s', streams: 60, qps: 20, tokensPerS: 100 },
]

const OPTIONS = {
  seconds: { type: 'string', default: '8' },
  repeat: { type: 'string', default: '3' },
  only: { type: 'string', default: '' },
  load: { type: 'string', default: '' },
  cache: { type: 'string', default: join(tmpdir(), 'llmload-peers') },
  json: { type: 'string' },
  help: { type: 'boolean' },
}

const HELP = `npm run bench:peers -- [options]

  --seconds N    length of each measurement                      [8]
  --repeat N     measurements of each client and load; medians   [3]
  --only WORD    peers whose name has WORD, besides llmload
  --load WORD    loads whose name has WORD
  --cache DIR    where peers are installed, and kept             [${OPTIONS.cache.default}]
  --json FILE    all figures
`

/** Start-up, prompts and reports come on top of the seconds of a measurement. */
const PATIENCE_S = 120
const TAIL_CHARS = 2000

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interruption.abort())

const { values } = parseArgs({ options: OPTIONS })
if (values.help) process.stdout.write(HELP)
else await main()

async function main() {
  const seconds = Number(values.seconds)
  mkdirSync(values.cache, { recursive: true })
  const tokenizer = makeTokenizer(values.cache)
  const clients = [{ peer: LLMLOAD, bin: '' }, ...(await installed())]
  const loads = LOADS.filter(({ name }) => name.includes(values.load))
  const rows = []
  for (let round = 0; round < Number(values.repeat); round++) {
    for (const load of loads) {
      for (const client of clients) {
        process.stderr.write(
          `round ${round + 1}, ${load.name}: ${client.peer.name} (load average ${loadavg()[0].toFixed(1)})\n`,
        )
        rows.push(await measure(client, { ...load, seconds }, tokenizer))
        interruption.signal.throwIfAborted()
      }
    }
  }
  const results = loads.flatMap((load) => clients.map(({ peer }) => summary(rows, load, peer)))
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ rows, results }, null, 1)}\n`)
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'CPU unknown'}, Node ${process.versions.node}`
  const busy = rows.map(({ loadAverage }) => loadAverage)
  const length = `${values.repeat} × ${seconds} s each, medians; load average ${Math.min(...busy).toFixed(1)} … ${Math.max(...busy).toFixed(1)}`
  process.stdout.write(`${new Date().toISOString().slice(0, 10)}, ${machine}; ${length}\n\n${tableOf(results)}`)
}

async function installed() {
  const clients = []
  for (const peer of PEERS.filter(({ name }) => name.toLowerCase().includes(values.only.toLowerCase()))) {
    const { bin, problem } = await install(peer, values.cache)
    if (bin === undefined) process.stdout.write(`skipped ${peer.name}, which cannot be installed here: ${problem}\n`)
    else clients.push({ peer, bin })
  }
  return clients
}

/** One client under one load. What goes wrong is in the row; it ends no comparison. */
async function measure({ peer, bin }, load, tokenizer) {
  const folder = mkdtempSync(join(tmpdir(), 'llmload-peer-'))
  const row = { peer: peer.name, itl: peer.itl, load: load.name, loadAverage: loadavg()[0] }
  const simulator = await startSimulator(load, folder)
  try {
    const place = { url: simulator.url, tokenizer, folder }
    const { stdout, cpu } = await call(peer.call(load, place), bin, load.seconds)
    const truth = await simulator.stop()
    const reported = peer.read(place, stdout)
    const cpuS = cpu.between(truth.settledMs, truth.toMs)
    return { ...row, reported, truth, cpuMsPer1000: (cpuS * 1e6) / truth.settledTokens }
  } catch (error) {
    await simulator.stop().catch(() => {})
    process.stderr.write(`  failed: ${error.message}\n`)
    return { ...row, problem: error.message }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function call({ command: [program, ...args], env = {} }, bin, seconds) {
  const child = spawn(bin ? join(bin, program) : program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.any([interruption.signal, AbortSignal.timeout((seconds + PATIENCE_S) * 1000)]),
  })
  const cpu = watchCpu(child.pid)
  let stdout = ''
  let all = ''
  child.stdout.on('data', (text) => {
    stdout += text
    all += text
  })
  child.stderr.on('data', (text) => (all += text))
  const [code] = await once(child, 'close').finally(() => cpu.stop())
  if (code !== 0) throw new Error(`exit code ${code}: ${all.slice(-TAIL_CHARS)}`)
  return { stdout, cpu }
}

/** The medians of the rounds of one client and load. */
function summary(rows, load, peer) {
  const own = rows.filter((row) => row.peer === peer.name && row.load === load.name && !row.problem)
  const mid = (pick) => median(own.map(pick))
  const pair = (pick) => ({ p50: mid((row) => pick(row).p50), p99: mid((row) => pick(row).p99) })
  return {
    ...{ peer: peer.name, itl: peer.itl, load: load.name, rounds: own.length },
    ttftMs: { reported: pair((row) => row.reported.ttftMs), truth: pair((row) => row.truth.ttftMs) },
    itlMs: { reported: pair((row) => row.reported.itlMs), truth: pair((row) => row.truth.itlMs) },
    lateP99Ms: mid((row) => row.truth.lateMs.p99),
    tokensPerS: mid(({ truth }) => (truth.tokens / (truth.toMs - truth.fromMs)) * 1000),
    cpuMsPer1000: mid((row) => row.cpuMsPer1000),
  }
}
