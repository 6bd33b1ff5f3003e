/**
 * One measurement: the load path of a worker (LoadRun, HTTP client, recorder, deltas) in this process,
 * against a server that knows the truth. `node bench/client.mjs '<measurement as JSON>'` prints its row as JSON.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestBody, systemClock } from '../packages/core/dist/index.js'
import { httpClient } from '../packages/worker/dist/http/http-client.js'
import { DeltaSender } from '../packages/worker/dist/link/delta-sender.js'
import { LoadRun } from '../packages/worker/dist/load/load-run.js'
import { startStampServer } from './ground-truth/stamp-server.mjs'

/** Chunks are compared with the truth in one of so many requests, first tokens in all. */
const CHUNKS_OF_EVERY = 8

const clock = systemClock()
console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '{}'))))

/** @param {import('./measurements.mjs').Measurement} measurement */
async function measure(measurement) {
  const server = await startStampServer()
  const plan = planOf(measurement, server.url)
  const client = httpClient({ plan, secrets: secretsOf(measurement), clock, keepText: false })
  const samples = []
  const startMs = clock.nowMs() + 200
  const run = new LoadRun({
    ...{ plan, clock, startMs, share: { index: 0, count: 1 }, warn: () => {}, watch: null },
    client: sampling(client, samples),
    prompts: promptsOf(measurement, plan),
  })
  const rss = watchMemory()
  const deltas = new DeltaSender({
    ...{ link: { send: (message) => JSON.stringify(message) }, run, clock, offsetMs: 0, watch: null },
  })
  const window = [measurement.warmUpS ?? 0, measurement.seconds].map((seconds) => startMs + seconds * 1000)
  const never = new AbortController().signal
  const [cpuS] = await Promise.all([cpuSecondsBetween(window), run.run(never, never)])
  deltas.finish()
  const memory = rss.stop()
  await client.close()
  const { truth, worstLateMs } = await server.stop()
  return { ...figures(samples, truth, window), ...memory, cpuS, seconds: (window[1] - window[0]) / 1000, worstLateMs }
}

function planOf({ users, qps = null, maxRequests = null, seconds, tokens }, baseUrl) {
  return {
    runId: 'bench',
    seed: 1,
    target: { provider: 'vllm', baseUrl, model: 'stamp', chat: false, stream: tokens > 0 },
    sampling: { temperature: 1, topK: null, logprobs: null, n: 1 },
    workload: { promptTokens: 1000, maxTokens: Math.max(tokens, 1), instruction: null, tokenizer: null },
    load: {
      ...{ users, spawnRate: users, qps, qpsDistribution: 'constant', warmupS: 0, runTimeS: seconds, maxRequests },
      ...{ stopTimeoutS: 30, timeoutS: null, progressTimeoutS: 60 },
    },
  }
}

function secretsOf({ tokens, ttftMs, itlMs, textBytes = 0 }) {
  const asked = { tokens, 'ttft-us': ttftMs * 1000, 'itl-us': itlMs * 1000, 'text-bytes': textBytes }
  return { apiKey: null, headers: Object.entries(asked).map(([name, value]) => [`x-${name}`, `${value}`]) }
}

/** Bodies of one length, each with the number of its request in it, by which the server's log knows it. */
function promptsOf({ promptBytes = 4000 }, plan) {
  const template = Buffer.from(
    requestBody(plan, 'x'.repeat(promptBytes)).replace('"prompt"', '"user":"00000000","prompt"'),
  )
  const number = template.indexOf('00000000')
  let index = 0
  const take = () => {
    const body = Buffer.from(template)
    body.write(`${index}`.padStart(8, '0'), number)
    return { index: index++, promptTokens: 1000, body }
  }
  return { take, next: async () => take(), countTokens: () => null }
}

/** The client, with what it measured of each request kept. */
function sampling(client, samples) {
  const send = (request, timeline, onDone) =>
    client.send(request, timeline, () => {
      const { index, intendedMs, sentMs, firstTokenMs, endMs, chunkMs, failure } = timeline
      samples.push({ index, intendedMs, sentMs, firstTokenMs, endMs, chunkMs, failure })
      onDone()
    })
  return { send, close: () => client.close() }
}

function watchMemory() {
  const idleRssBytes = process.memoryUsage.rss()
  let peakRssBytes = idleRssBytes
  const timer = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())
  }, 250)
  return {
    stop: () => {
      clearInterval(timer)
      return { idleRssBytes, peakRssBytes }
    },
  }
}

async function cpuSecondsBetween([fromMs, toMs]) {
  await sleep(fromMs - clock.nowMs())
  const before = process.cpuUsage()
  await sleep(toMs - clock.nowMs())
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Errors of our stamps against those of the server, of requests sent in the window, in ms. */
function figures(samples, truth, [fromMs, toMs]) {
  const toServerMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
  const within = (atMs) => atMs >= fromMs && atMs < toMs
  const measured = samples.filter(({ sentMs, failure }) => within(sentMs) && !failure)
  const ttft = []
  const chunk = []
  for (const { index, sentMs, firstTokenMs, chunkMs } of measured) {
    const { readMs, chunkMs: trueMs } = truth.get(index)
    ttft.push(firstTokenMs - sentMs - (trueMs[0] - readMs))
    if (index % CHUNKS_OF_EVERY === 0)
      for (let k = 0; k < chunkMs.length; k++) chunk.push(chunkMs[k] + toServerMs - trueMs[k])
  }
  const lag = measured.map(({ intendedMs, sentMs }) => sentMs - intendedMs)
  return {
    requests: measured.length,
    failed: samples.filter(({ failure }) => failure).length,
    failure: samples.find(({ failure }) => failure)?.failure ?? null,
    chunks: samples.reduce((sum, { chunkMs }) => sum + chunkMs.filter(within).length, 0),
    ended: samples.filter(({ endMs }) => within(endMs)).length,
    ttftErrorMs: quantiles(ttft),
    chunkErrorMs: quantiles(chunk),
    lagMs: quantiles(lag),
  }
}

function quantiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? null
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
