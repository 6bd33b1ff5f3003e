/**
 * One measurement: the load path of a worker (LoadRun, HTTP client, recorder, deltas) in this process,
 * against a server that knows the truth. `node bench/client.mjs '<measurement as JSON>'` prints its row as JSON.
 */
import { cpus } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestBody, systemClock } from '../packages/core/dist/index.js'
import { yieldHelperThreads } from '../packages/worker/dist/helper-threads.js'
import { httpClient } from '../packages/worker/dist/http/http-client.js'
import { DeltaSender } from '../packages/worker/dist/link/delta-sender.js'
import { LoadRun } from '../packages/worker/dist/load/load-run.js'
import { warmUp } from '../packages/worker/dist/warm-up.js'
import { startStampServer, trueTtftMs } from './ground-truth/stamp-server.mjs'
import { percentiles } from './peers/percentiles.mjs'

/** Chunks are compared with the truth in one of so many requests, first tokens in all. */
const CHUNKS_OF_EVERY = 8

const WHOLE_LOAD = { epoch: 0, fromMs: 0, share: { index: 0, count: 1 } }

const clock = systemClock()
console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '{}'))))

/** @param {import('./measurements.mjs').Measurement} measurement */
async function measure(measurement) {
  yieldHelperThreads()
  const server = await startStampServer()
  const plan = planOf(measurement, server.url)
  const client = httpClient({ plan, secrets: secretsOf(measurement), clock, keepText: false })
  await warmUp(plan, clock)
  const startMs = clock.nowMs() + 200
  const window = [measurement.warmUpS ?? 0, measurement.seconds].map((seconds) => startMs + seconds * 1000)
  const isWithin = (atMs) => atMs >= window[0] && atMs < window[1]
  const samples = { times: [], chunkMs: new Map(), chunks: 0, failures: [], isWithin }
  const run = new LoadRun({
    ...{ plan, clock, startMs, warn: () => {}, watch: null },
    ...{ assignments: [WHOLE_LOAD], levels: [], mayLoadUntilMs: () => Number.POSITIVE_INFINITY },
    client: sampling(client, samples),
    prompts: promptsOf(measurement, plan),
  })
  const rss = watchMemory()
  // What a session does with each message: its text is made, and goes nowhere.
  const session = { send: (message) => JSON.stringify(message), takesDelta: true, clock: { offsetMs: 0 } }
  const deltas = new DeltaSender({ session, run, clock, watch: null })
  const never = new AbortController().signal
  const [cpu] = await Promise.all([cpuBetween(window, server), run.run(never, never)])
  deltas.finish()
  const memory = rss.stop()
  await client.close()
  const { truth, worstLateMs } = await server.stop()
  return { ...figures(samples, truth), ...memory, ...cpu, seconds: (window[1] - window[0]) / 1000, worstLateMs }
}

function planOf({ users, qps = null, maxRequests = null, burstPeriodS = null, seconds, tokens }, baseUrl) {
  return {
    runId: 'bench',
    seed: 1,
    target: { provider: 'vllm', baseUrl, model: 'stamp', chat: false, stream: tokens > 0, thinkTags: false },
    sampling: { temperature: 1, topK: null, logprobs: null, n: 1 },
    workload: { promptTokens: 1000, maxTokens: Math.max(tokens, 1), instruction: null, tokenizer: null },
    load: {
      ...{
        users,
        spawnRate: users,
        qps,
        qpsDistribution: 'constant',
        burstiness: 1,
        burstPeriodS,
        ramping: null,
        stages: [],
        warmupS: 0,
        runTimeS: seconds,
        maxRequests,
      },
      ...{ stopTimeoutS: 30, timeoutS: null, progressTimeoutS: 60, tokenTimeoutS: null },
    },
  }
}

function secretsOf({ tokens, ttftMs, itlMs, textBytes = 0 }) {
  const asked = { tokens, 'ttft-us': ttftMs * 1000, 'itl-us': itlMs * 1000, 'text-bytes': textBytes }
  return { apiKey: null, headers: Object.entries(asked).map(([name, value]) => [`x-${name}`, `${value}`]) }
}

/**
 * Bodies of one length, made beforehand as a worker's are, each with the number of its request in it, by which
 * the server's log knows it. There are as many as can be under way.
 */
function promptsOf({ promptBytes = 4000, users }, plan) {
  const template = Buffer.from(
    requestBody(plan, 'x'.repeat(promptBytes)).replace('"prompt"', '"user":"00000000","prompt"'),
  )
  const bodies = Array.from({ length: users }, () => Buffer.from(template))
  const number = template.indexOf('00000000')
  const take = (index) => {
    const body = bodies[index % bodies.length]
    body.write(`${index}`.padStart(8, '0'), number)
    return { index, promptTokens: 1000, body }
  }
  return { take, next: async (index) => take(index), follow: () => {}, countTokens: () => null }
}

/** The client, with what it measured of each request kept, in few and flat objects: what they cost is in the figures. */
function sampling(client, samples) {
  const send = (request, timeline, onDone) =>
    client.send(request, timeline, () => {
      if (timeline.failure) samples.failures.push(timeline.failure)
      else keep(timeline, samples)
      onDone()
    })
  return { send, close: () => client.close() }
}

function keep({ index, intendedMs, sentMs, firstTokenMs, endMs, chunkMs }, samples) {
  samples.times.push(index, intendedMs, sentMs, firstTokenMs, endMs)
  for (let k = 0; k < chunkMs.length; k++) if (samples.isWithin(chunkMs[k])) samples.chunks++
  if (index % CHUNKS_OF_EVERY === 0) samples.chunkMs.set(index, chunkMs)
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

/** CPU of this process, and cores that were busy with neither this nor the server: they make every figure worse. */
async function cpuBetween([fromMs, toMs], server) {
  await sleep(fromMs - clock.nowMs())
  const before = { own: process.cpuUsage(), idleS: idleSeconds(), serverS: server.cpuSeconds() }
  await sleep(toMs - clock.nowMs())
  const { user, system } = process.cpuUsage(before.own)
  const cpuS = (user + system) / 1e6
  const seconds = (toMs - fromMs) / 1000
  const busyS = cpus().length * seconds - (idleSeconds() - before.idleS)
  return { cpuS, othersCores: (busyS - cpuS - (server.cpuSeconds() - before.serverS)) / seconds }
}

/** Of all cores, since they were started. */
function idleSeconds() {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0) / 1000
}

/** Errors of our stamps against those of the server, of requests sent in the window, in ms. */
function figures({ times, chunkMs, chunks, failures, isWithin }, truth) {
  const toServerMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
  const [ttft, chunk, lag] = [[], [], []]
  let ended = 0
  for (let i = 0; i < times.length; i += 5) {
    const [index, intendedMs, sentMs, firstTokenMs, endMs] = times.slice(i, i + 5)
    if (isWithin(endMs)) ended++
    if (!isWithin(sentMs)) continue
    const known = truth.get(index)
    ttft.push(firstTokenMs - sentMs - trueTtftMs(known))
    lag.push(sentMs - intendedMs)
    chunkMs.get(index)?.forEach((atMs, k) => {
      chunk.push(atMs + toServerMs - known.chunkMs[k])
    })
  }
  return {
    ...{ chunks, ended, failed: failures.length, failure: failures[0] ?? null },
    ...{ ttftErrorMs: percentiles(ttft), chunkErrorMs: percentiles(chunk), lagMs: percentiles(lag) },
  }
}
