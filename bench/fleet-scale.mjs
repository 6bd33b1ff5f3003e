/**
 * `npm run bench:fleet`: what many workers cost their master, and what a worker costs that has nothing to do.
 * Takes about four minutes. `-- --workers N --seconds S` for another size, `-- --requests N --tokens N` for what each
 * worker measures per second, `-- --only fleet|delta|idle`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { version } from '../packages/cli/dist/version.js'
import { parseWorkerMessage, Stats, systemClock } from '../packages/core/dist/index.js'
import { answer, recorder } from './fleet/measured-delta.mjs'
import { processUse } from './fleet/process-use.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const LLMLOAD = here('../packages/cli/bin/llmload.js')

/** Seconds after the window has opened that do not count: code is compiled, and buffers grow. */
const WARM_UP_S = 10
const IDLE_S = 60

const IDLE_HEALTH = {
  ...{ elu: 0, stampDelayMs: 0, loopDelayP99Ms: 0, loopDelayMaxMs: 0, gcMs: 0, gcMaxMs: 0 },
  ...{ cpuCores: 0, throttledMs: null, stealShare: null, rssBytes: 0, memoryLimitBytes: 0 },
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    workers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    requests: { type: 'string', default: '10' },
    tokens: { type: 'string', default: '100' },
  },
})
const [workers, seconds, requests, tokens] = [values.workers, values.seconds, values.requests, values.tokens].map(
  Number,
)
const PARTS = { fleet, delta, idle }

const folder = mkdtempSync(join(tmpdir(), 'llmload-bench-'))
const target = createServer((_request, response) => response.end('{"data": [{"id": "none"}]}'))
const targetPort = await listening(target)
try {
  const [cpu] = cpus()
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  print(`${new Date().toISOString()}, ${cpus().length} × ${cpu?.model}, ${memoryGiB} GiB, Node ${process.version}`)
  for (const [name, part] of Object.entries(PARTS)) if ([undefined, name].includes(values.only)) await part()
} finally {
  target.close()
  rmSync(folder, { recursive: true })
}

/** A master and its workers, with somebody who watches. */
async function fleet() {
  print(
    `\n${workers} workers, each with ${requests} requests of ${tokens} tokens in a delta each second, for ${seconds} s`,
  )
  const port = await freePort()
  const master = startMaster(port, [
    '--expect-workers',
    workers,
    '-u',
    10 * workers,
    '-r',
    10 * workers,
    '-t',
    `${seconds}s`,
  ])
  const fleetOptions = { url: `ws://127.0.0.1:${port}/worker`, workers, requests, tokens, version }
  const simulated = spawn(process.execPath, [here('fleet/workers.mjs'), JSON.stringify(fleetOptions)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = Promise.all([once(master, 'close'), once(simulated, 'close')])
  const status = await loading(port, master)
  await sleep(Math.max(0, Date.parse(status.measuredFrom) - Date.now()) + WARM_UP_S * 1000)
  const measured = watch(master, simulated, port)
  await sleep((seconds - WARM_UP_S - 1) * 1000)
  const { cpuShares, rssMiB, acksMs, loop, workersCpu, ...viewer } = measured.stop()
  const [[exitCode]] = await ended
  if (master.said.output === '') throw new Error(`the master said nothing but ${master.said.errors}`)
  const report = JSON.parse(master.said.output)
  const deltas = report.workers.reduce((sum, { deltas }) => sum + deltas, 0)
  table([
    ['CPU of the master, % of a core: mean, highest second', 100 * mean(cpuShares), 100 * Math.max(...cpuShares)],
    ['memory of the master, MiB: first, last, most', rssMiB[0], rssMiB.at(-1), Math.max(...rssMiB)],
    ['delta to acknowledgement, ms: p50, p99, longest', ...[50, 99, 100].map((p) => percentile(acksMs, p))],
    [
      'event-loop delay of the master, ms: p99 of a second, longest',
      percentile(
        loop.map(({ p99Ms }) => p99Ms),
        50,
      ),
      Math.max(...loop.map(({ maxMs }) => maxMs)),
    ],
    ['the same of this script, which shows what the machine does', ...viewer.ownDelayMs],
    ['GET /api/status, ms: p50, longest', percentile(viewer.statusMs, 50), Math.max(...viewer.statusMs)],
    [
      'GET /metrics, ms: p50, longest; KiB',
      percentile(viewer.metricsMs, 50),
      Math.max(...viewer.metricsMs),
      viewer.metricsBytes / 1024,
    ],
    ['all simulated workers, % of a core', 100 * workersCpu],
    ['deltas counted, requests counted; exit code', deltas, report.requests.sent, exitCode],
    [
      'workers lost; deltas missing',
      report.workers.filter(({ lost }) => lost).length,
      report.workers.reduce((sum, { missingDeltas }) => sum + missingDeltas, 0),
    ],
  ])
}

/** One delta: made by its worker, read and added up by the master. */
async function delta() {
  print('\none delta, µs of CPU')
  const clock = systemClock()
  const rows = [1, requests, 10 * requests].map((count) => {
    const made = recorder(clock)
    const rest = {
      type: 'delta',
      seq: 1,
      untilMs: 1,
      ramp: null,
      stages: [],
      users: 1,
      inFlight: 0,
      health: IDLE_HEALTH,
    }
    const take = () => JSON.stringify({ ...rest, measured: made.measured.takeData() })
    const [takeUs] = costs(() => answer(made, count, tokens), take)
    answer(made, count, tokens)
    const frame = take()
    const [parseUs] = costs(
      () => {},
      () => parseWorkerMessage(frame),
    )
    const { message } = parseWorkerMessage(frame)
    const sum = new Stats()
    const [mergeUs] = costs(
      () => {},
      () => sum.merge(message.measured),
    )
    return [`${count} requests of ${tokens} tokens: bytes, made, read, added`, frame.length, takeUs, parseUs, mergeUs]
  })
  table(rows)
}

/** The real worker, without requests: while it waits for others, and in a run with next to no load. */
async function idle() {
  print(`\na worker with nothing to do, over ${IDLE_S} s`)
  const waiting = await idleCpu(['--expect-workers', 2])
  const running = await idleCpu(['--expect-workers', 1, '-u', 1, '--qps', 0.001, '-t', `${IDLE_S + 20}s`])
  table([
    ['waits for the start: % of a core', 100 * waiting],
    ['in a run without requests: % of a core', 100 * running],
  ])
}

async function idleCpu(args) {
  const port = await freePort()
  const master = startMaster(port, args)
  const worker = spawn(process.execPath, [LLMLOAD, '--worker', '--master-port', String(port)], { stdio: 'ignore' })
  await sleep(8000)
  const before = processUse(worker.pid)
  await sleep(IDLE_S * 1000)
  const { cpuS } = processUse(worker.pid)
  master.kill('SIGKILL')
  worker.kill('SIGKILL')
  return (cpuS - before.cpuS) / IDLE_S
}

function startMaster(port, args) {
  const common = ['--master', '--headless', '--json', '--provider', 'vllm', '-H', `http://127.0.0.1:${targetPort}`]
  const where = ['--master-port', port, '--runs-dir', join(folder, 'runs')]
  const command = ['--import', here('fleet/loop-delay.mjs'), LLMLOAD, ...common, ...where, ...args].map(String)
  const master = spawn(process.execPath, command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const said = { output: '', errors: '' }
  master.stdout?.on('data', (data) => {
    said.output += data
  })
  master.stderr?.on('data', (data) => {
    said.errors += data
  })
  return Object.assign(master, { said })
}

/** Once a second what the master costs, as seen from outside, and what a page asks it for. */
function watch(master, simulated, port) {
  const seen = { cpuShares: [], rssMiB: [], acksMs: [], loop: [], statusMs: [], metricsMs: [], metricsBytes: 0 }
  const workersBefore = processUse(simulated.pid).cpuS
  const fromMs = performance.now()
  const own = monitorEventLoopDelay({ resolution: 10 })
  own.enable()
  let last = { ...processUse(master.pid), atMs: fromMs }
  master.on('message', (message) => seen.loop.push(message))
  simulated.on('message', ({ acksMs }) => seen.acksMs.push(...acksMs))
  const timer = setInterval(async () => {
    const use = { ...processUse(master.pid), atMs: performance.now() }
    seen.cpuShares.push((use.cpuS - last.cpuS) / ((use.atMs - last.atMs) / 1000))
    seen.rssMiB.push(use.rssBytes / 2 ** 20)
    last = use
    seen.statusMs.push((await timedGet(port, '/api/status')).ms)
    if (seen.cpuShares.length % 5 !== 0) return
    const metrics = await timedGet(port, '/metrics')
    seen.metricsMs.push(metrics.ms)
    seen.metricsBytes = metrics.bytes
  }, 1000)
  const stop = () => {
    clearInterval(timer)
    const workersCpu = (processUse(simulated.pid).cpuS - workersBefore) / ((performance.now() - fromMs) / 1000)
    return { ...seen, workersCpu, ownDelayMs: [own.percentile(99), own.max].map((ns) => ns / 1e6 - 10) }
  }
  return { stop }
}

async function timedGet(port, path) {
  const startMs = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  const body = await response.text()
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${body}`)
  return { ms: performance.now() - startMs, bytes: body.length, body }
}

/** What the master says of the run when the load has begun. */
async function loading(port, master) {
  for (;;) {
    if (master.exitCode !== null) throw new Error(`the master ended: ${master.said.errors}`)
    const status = await timedGet(port, '/api/status').then(
      ({ body }) => JSON.parse(body),
      () => null,
    )
    if (status?.measuredFrom) return status
    await sleep(250)
  }
}

async function freePort() {
  const server = createServer()
  const port = await listening(server)
  server.close()
  return port
}

async function listening(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/** CPU of a function in microseconds, each time after another; the median of several rounds. */
function costs(before, work) {
  const rounds = Array.from({ length: 7 }, () => {
    let spentUs = 0
    for (let i = 0; i < 100; i++) {
      before()
      const startUs = process.cpuUsage().user
      work()
      spentUs += process.cpuUsage().user - startUs
    }
    return spentUs / 100
  })
  return [percentile(rounds.slice(2), 50)]
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function percentile(values, percent) {
  const rank = Math.max(1, Math.ceil((percent / 100) * values.length))
  return values.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN
}

function table(rows) {
  for (const [what, ...numbers] of rows)
    print(`  ${what.padEnd(64)}${numbers.map((n) => shown(n).padStart(12)).join('')}`)
}

function shown(value) {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}

function print(text) {
  console.log(text)
}
