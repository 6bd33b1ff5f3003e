import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, gunzipSync } from 'node:zlib'
import {
  type Log,
  outcomeOf,
  type RequestBatch,
  type RequestLogLine,
  requestLogLine,
  systemClock,
  Timeline,
} from '@llmload/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RequestLogReporter } from './request-log.js'

const clock = systemClock()

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'llmload-log-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

/** A log that has begun, and what is said about it. */
function begin({ path = join(folder(), 'run.ndjson'), sent = 0 } = {}) {
  const said: string[] = []
  const say = (_fields: object, message: string): void => void said.push(message)
  const log: Log = { debug: say, info: say, warn: say, error: say }
  const reporter = new RequestLogReporter({ path, clock, log, sent: () => sent })
  reporter.begin({ runId: 'r', version: '1.2.3', startAtMs: clock.nowMs() })
  return { reporter, path, said }
}

const batch = (seq: number, delta: number, indices: readonly number[], dropped = 0): RequestBatch => ({
  type: 'requests',
  ...{ seq, delta, dropped },
  requests: indices.map((index) =>
    outcomeOf(new Timeline(index, null), { startMs: 0, phase: 'ramp', tokenizerTokens: null }),
  ),
})

const linesOf = (bytes: Buffer): RequestLogLine[] =>
  `${bytes}`
    .trimEnd()
    .split('\n')
    .map((line) => requestLogLine.parse(JSON.parse(line)))

/** `worker index` of every request, and the end. */
const contents = (lines: readonly RequestLogLine[]) =>
  lines.slice(1).map((line) => (line.type === 'request' ? `${line.worker} ${line.index}` : line))

describe('a request log', () => {
  test('has what deltas have counted, of every worker', async () => {
    const { reporter, path } = begin({ sent: 4 })
    reporter.take('a', batch(1, 1, [0, 2]))
    reporter.take('b', batch(1, 1, [1]))
    reporter.counted('a', 1)
    reporter.take('a', batch(2, 2, [4]))
    reporter.counted('b', 1)
    reporter.counted('a', 2)
    await reporter.onEnd()
    expect(contents(linesOf(readFileSync(path)))).toEqual([
      'a 0',
      'a 2',
      'b 1',
      'a 4',
      { type: 'end', requests: 4, missing: 0 },
    ])
  })

  test('leaves out what no delta has counted: the worker was lost before, and the report lacks it too', async () => {
    const { reporter, path, said } = begin({ sent: 3 })
    reporter.take('a', batch(1, 1, [0]))
    reporter.counted('a', 1)
    reporter.take('a', batch(2, 2, [1]))
    await reporter.onEnd()
    expect(contents(linesOf(readFileSync(path)))).toEqual(['a 0', { type: 'end', requests: 1, missing: 2 }])
    expect(said).toEqual(['--request-log: 2 of 3 requests have no line: 2 were under way at a worker that was lost'])
  })

  test('takes what comes after its delta, held back by a full connection, and says what was dropped', async () => {
    const { reporter, path, said } = begin({ sent: 9 })
    reporter.counted('a', 1)
    reporter.take('a', batch(1, 1, [0], 8))
    await reporter.onEnd()
    expect(contents(linesOf(readFileSync(path)))).toEqual(['a 0', { type: 'end', requests: 1, missing: 8 }])
    expect(said[0]).toContain('8 were left out because the log could not keep up')
  })

  test('does not take a batch with a wrong number', () => {
    const { reporter } = begin()
    reporter.take('a', batch(1, 1, [0]))
    expect(() => reporter.take('a', batch(3, 1, [2]))).toThrow(new RangeError('number 3 after number 1'))
    expect(() => reporter.take('a', batch(1, 1, [0]))).toThrow(new RangeError('number 1 after number 1'))
  })

  test('can be read while it is written, compressed too', async () => {
    const { reporter, path } = begin({ path: join(folder(), 'run.ndjson.gz') })
    reporter.take('a', batch(1, 1, [7]))
    reporter.counted('a', 1)
    const read = () => contents(linesOf(gunzipSync(readFileSync(path), { finishFlush: constants.Z_SYNC_FLUSH })))
    await expect.poll(read, { timeout: 5000 }).toEqual(['a 7'])
    await reporter.onEnd()
    expect(gunzipSync(readFileSync(path))).toBeInstanceOf(Buffer)
  })

  test('on a full disk fails at the end, not before: the run goes on', async () => {
    const { reporter, said } = begin({ path: '/dev/full', sent: 1 })
    await expect
      .poll(() => said)
      .toEqual([expect.stringMatching(/^--request-log: ENOSPC.*lacks all requests from now on$/)])
    reporter.take('a', batch(1, 1, [0]))
    reporter.counted('a', 1)
    await expect(reporter.onEnd()).rejects.toMatchObject({ code: 'OUTPUT_FILE' })
    expect(said[1]).toContain('1 were left out')
  })
})
