/**
 * N workers in one process, each with a connection and the real session of a worker, which report made-up
 * measurements every second. Tells its parent how long the master took to acknowledge deltas.
 * `node bench/fleet/workers.mjs '{"url": …, "workers": …, "requests": …, "tokens": …, "version": …}'`
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../packages/core/dist/index.js'
import { MasterSession } from '../../packages/worker/dist/link/master-session.js'
import { answer, recorder } from './measured-delta.mjs'

const EVERY_MS = 1000
/** Different deltas that the workers take turns with: making each of them anew would be the work of N processes. */
const VARIANTS = 64
/** Connections that are made at the same time. */
const AT_ONCE = 50
/** One worker of so many measures how long its deltas take. */
const TIMED_OF = 20

const options = JSON.parse(process.argv[2] ?? '{}')
const clock = systemClock()
const log = { debug() {}, info() {}, warn: (_fields, message) => console.error(message), error: console.error }
const variants = Array.from({ length: VARIANTS }, () => {
  const made = recorder(clock)
  answer(made, options.requests, options.tokens)
  return made.measured.takeData()
})
const HEALTH = {
  ...{
    elu: 0.31,
    stampDelayMs: 0.02,
    loopDelayP99Ms: 1.2,
    loopDelayMaxMs: 3.4,
    gcMs: 4.1,
    gcMaxMs: 1.3,
    cpuCores: 0.29,
  },
  ...{ throttledMs: null, stealShare: 0.001, rssBytes: 123_456_789, memoryLimitBytes: 8_000_000_000 },
}
const acksMs = []
setInterval(() => process.send?.({ acksMs: acksMs.splice(0) }), EVERY_MS).unref()

const joined = []
for (let i = 0; i < options.workers; i += AT_ONCE) {
  const sessions = Array.from({ length: Math.min(AT_ONCE, options.workers - i) }, (_, k) => ({
    session: join(),
    number: i + k,
  }))
  await Promise.all(sessions.map(({ session }) => session.expect('welcome')))
  joined.push(...sessions)
}
await Promise.all(joined.map(work))

function join() {
  return new MasterSession({ url: options.url, token: null, clock, log, version: options.version, maxWaitMs: 60_000 })
}

async function work({ session, number }) {
  setMaxListeners(0, session.over)
  await session.clock.measure()
  const { plan } = await session.expect('prepare')
  session.send({ type: 'ready', clock: session.clock.reading, tokenizer: 'none', warnings: [] })
  const { startAtMs } = await session.expect('start')
  const startMs = startAtMs - session.clock.offsetMs
  await sleep(Math.max(0, startMs - clock.nowMs()))
  session.send({ type: 'started', lateByMs: 0 })
  session.clock.keepMeasuring((reading) => session.send({ type: 'clock', clock: reading }))
  // The timers of workers have nothing to do with each other.
  await sleep(Math.random() * EVERY_MS)
  const measuredFromMs = startMs + (1000 * plan.load.users) / plan.load.spawnRate + 1000 * plan.load.warmupS
  const endMs = measuredFromMs + plan.load.runTimeS * 1000
  let seq = 0
  for (; clock.nowMs() < endMs; await sleep(EVERY_MS)) {
    const stats = variants[(seq + number) % VARIANTS]
    const isMeasured = clock.nowMs() >= measuredFromMs
    const sentMs = clock.nowMs()
    session.send({
      ...{
        type: 'delta',
        seq: ++seq,
        untilMs: sentMs + session.clock.offsetMs,
        users: 10,
        inFlight: 9,
        health: HEALTH,
        stages: [],
      },
      ...(isMeasured ? { ramp: null, measured: stats } : { ramp: stats, measured: null }),
      stages: [],
    })
    if (number % TIMED_OF === 0) timeUntilHeard(session, sentMs)
  }
  session.send({ type: 'drained', lastSeq: seq, lastSentMs: null, endedMs: clock.nowMs() + session.clock.offsetMs })
  await session.flushed()
  // A master that is gone now was late to say so.
  await session.expect('bye').catch(() => {})
  session.close()
}

/** Of the last of several that are under way at the same time. */
function timeUntilHeard(session, sentMs) {
  session.flushed().then(
    () => acksMs.push(clock.nowMs() - sentMs),
    () => {},
  )
}
