import assert from 'node:assert/strict'
import {
  METRICS,
  outcomeOf,
  parseMasterMessage,
  parseWorkerMessage,
  Stats,
  systemClock,
  Timeline,
} from '../../packages/core/dist/index.js'
import { DeltaLedger } from '../../packages/master/dist/delta-ledger.js'

/** @type {readonly unknown[]} */
const ODD = [
  ...[
    null,
    true,
    false,
    -1,
    0,
    1,
    0.5,
    -0.5,
    1e308,
    -1e308,
    2 ** 53,
    1e21,
    '',
    'x',
    '\u001b[2J',
    [],
    {},
    [[]],
    { a: 1 },
  ],
  ...['x'.repeat(5000), 'AAAA', '0,1', '1 2', Array(3).fill(null), { __proto__: null, toString: 1 }],
]
const WORDS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  'null',
  '1e999',
  '-',
  '"__proto__":{"polluted":1},',
  '"n":1,',
  '\0',
  'é',
]

const STAGES = 2

/** @typedef {import('./draw.mjs').Draw} Draw */
/** @typedef {import('../../packages/core/dist/index.js').Delta} Delta */

/** One message of a worker or of the master. @param {Draw} draw */
export function messages(draw) {
  const isWorker = draw.is(0.7)
  const message = isWorker ? workerMessage(draw) : draw.of(MASTER_MESSAGES)
  const changed = draw.is(0.8) ? change(draw, message) : message
  const text = JSON.stringify(changed)
  const frame = draw.is(0.3) ? draw.broken(Buffer.from(text), WORDS).toString() : text
  const fromWorker = parseWorkerMessage(frame)
  const fromMaster = parseMasterMessage(frame)
  const read = isWorker ? fromWorker : fromMaster
  for (const parsed of [fromWorker, fromMaster]) assert.ok('message' in parsed || parsed.problem.length <= 500)
  if (changed === message && frame === text)
    assert.ok('message' in read, `a good message was refused: ${'problem' in read && read.problem} ${frame}`)
  if ('message' in fromWorker && fromWorker.message.type === 'delta') addUp(fromWorker.message)
  assert.ok(!('polluted' in {}), 'a prototype was changed')
  return frame.length
}

const MASTER_MESSAGES = [
  { type: 'welcome', runId: 'r', workerId: 'w', key: 'k', graceMs: 30_000 },
  { type: 'pong', workerMs: 1, masterMs: 2 },
  { type: 'heartbeat', masterMs: 5 },
  { type: 'ack', seq: 1, heard: 2, masterMs: 3 },
  { type: 'start', startAtMs: 1, assignments: [{ epoch: 0, fromMs: 0, share: { index: 0, count: 2 } }], levels: [] },
  { type: 'level', change: { fromMs: 5, qps: 3, users: 4 } },
  { type: 'grant', requests: 4 },
  { type: 'stop', now: true },
  { type: 'bye' },
]

/** @param {Draw} draw */
function workerMessage(draw) {
  const hello = { type: 'hello', protocol: 2, version: '0', host: 'h', pid: 1 }
  return draw.of([delta, delta, delta, requests, frames, () => hello])(draw)
}

/** @param {Draw} draw @returns {Delta} */
function delta(draw) {
  const health = { elu: 0.1, stampDelayMs: 0, loopDelayP99Ms: 1, loopDelayMaxMs: 2, gcMs: 0, gcMaxMs: 0, cpuCores: 0.1 }
  const host = { throttledMs: null, stealShare: 0, rssBytes: 1e8, memoryLimitBytes: 1e9 }
  const stages = draw.list(draw.below(STAGES + 1), () => stats(draw).takeData())
  const phases = { ramp: null, measured: stats(draw).takeData(), stages }
  const counts = { users: 1, inFlight: draw.below(9) }
  return {
    type: 'delta',
    seq: 1 + draw.below(3),
    untilMs: draw.below(1e6),
    ...phases,
    ...counts,
    health: { ...health, ...host },
  }
}

/** @param {Draw} draw */
function stats(draw) {
  const stats = new Stats()
  Object.assign(stats.counts, { sent: draw.below(50), succeeded: draw.below(50) })
  stats.failures.set('shed', draw.below(5))
  stats.tokenSources.set('usage', draw.below(50))
  stats.oddities.set('compressed', draw.below(5))
  for (let i = draw.below(30); i > 0; i--) {
    const value = draw.next() * 10 ** draw.below(7)
    stats.histogram(draw.of(METRICS).name).record(value)
    stats.ages(draw.of(METRICS).name).record(value)
    stats.entry('POST', '/v1/completions').log(value, 9)
    stats.errors.log('POST', '/v1/completions', `HTTP ${500 + draw.below(3)}`, value)
  }
  return stats
}

/** @param {Draw} draw */
function requests(draw) {
  const asked = { startMs: 0, phase: /** @type {const} */ ('measured'), tokenizerTokens: null }
  const outcomes = draw.list(draw.below(4), (index) => outcomeOf(new Timeline(index, 5), asked))
  return { type: 'requests', seq: 1, delta: 1, requests: outcomes, dropped: 0 }
}

/** @param {Draw} draw */
function frames(draw) {
  const reads = draw.list(draw.below(4), (i) => ({ atMs: i, bytes: 3, text: 'abc' }))
  const of = {
    index: 0,
    phase: 'measured',
    why: 'failed',
    status: 200,
    latencyMs: 5,
    failure: 'reset',
    failureMessage: 'x',
  }
  return { type: 'frames', frames: { ...of, cut: false, reads } }
}

/**
 * A copy in which a few values are others, or gone, or new.
 *
 * @param {Draw} draw
 * @param {object} message
 */
function change(draw, message) {
  const copy = structuredClone(message)
  for (let i = 1 + draw.below(3); i > 0; i--) changeOne(draw, copy)
  return copy
}

/**
 * @param {Draw} draw
 * @param {object} root
 */
function changeOne(draw, root) {
  let parent = /** @type {Record<string, unknown>} */ (root)
  for (;;) {
    const keys = Object.keys(parent)
    const key = keys.length === 0 || draw.is(0.05) ? draw.of(['extra', '__proto__', 'constructor', '0']) : draw.of(keys)
    const value = Object.hasOwn(parent, key) ? parent[key] : undefined
    if (typeof value === 'object' && value !== null && draw.is(0.85)) {
      parent = /** @type {Record<string, unknown>} */ (value)
      continue
    }
    if (draw.is(0.15)) delete parent[key]
    else
      Object.defineProperty(parent, key, {
        value: structuredClone(draw.of(ODD)),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    return
  }
}

/** What was let in can be added up, looked at and handed on. @param {Delta} delta */
function addUp(delta) {
  const ledger = new DeltaLedger(systemClock(), STAGES)
  try {
    ledger.accept('w', delta)
    ledger.accept('w', delta)
  } catch (error) {
    assert.ok(error instanceof RangeError, `${error}`)
    return
  }
  for (const { name } of METRICS) {
    for (const histogram of [ledger.measured.histogram(name), ledger.measured.ages(name)]) {
      const value = histogram.percentile(99)
      assert.ok(
        histogram.count === 0 ? Number.isNaN(value) : value >= histogram.min && value <= histogram.max,
        `${name} ${value}`,
      )
    }
  }
  for (const entry of ledger.measured.entries) assert.ok(entry.percentile(0.5) >= 0 && entry.median >= 0)
  const data = ledger.measured.takeData()
  if (data === null) return
  const again = parseWorkerMessage(JSON.stringify({ ...delta, ramp: null, measured: data, stages: [] }))
  assert.ok('message' in again, 'problem' in again ? `what was added up is refused: ${again.problem}` : '')
}
