import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { constants, gunzipSync } from 'node:zlib'
import { framesLine, type RequestLine, type RequestLogLine, type RunReport, requestLogLine } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { folder, Llmload, sim } from './support/llmload.js'

const LOAD = '-p 20 -o 20 --qps 50 -u 100 -r 1000 --headless --json --processes 2'.split(' ')
const SERVER = ['--ttft-ms', '200', '--itl-ms', '5']

interface Log {
  readonly lines: readonly RequestLogLine[]
  readonly requests: readonly RequestLine[]
}

/** All lines of a log, each checked against the documented schema. */
function readLog(path: string): Log {
  const bytes = readFileSync(path)
  // A log whose writer was killed has no end, but what was flushed.
  const text = path.endsWith('.gz') ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes
  const lines = `${text}`
    .trimEnd()
    .split('\n')
    .map((line) => requestLogLine.parse(JSON.parse(line)))
  return { lines, requests: lines.filter((line) => line.type === 'request') }
}

async function reportOf(run: Llmload): Promise<RunReport> {
  return JSON.parse((await run.ended).stdout)
}

/** Requests of a run whose end was reported. */
const reported = ({ workers }: RunReport): number =>
  workers.reduce((sum, { succeeded, failed, censored }) => sum + succeeded + failed + censored, 0)

describe('--request-log', () => {
  test('has a line for every request of all workers and phases, with its marks in order', async () => {
    const { url } = await sim(...SERVER)
    const path = join(folder(), 'run.ndjson')
    const ramp = ['-r', '50'] // a second
    const report = await reportOf(new Llmload([...LOAD, ...ramp, '-H', url, '-t', '2s', '--request-log', path]))
    const { lines, requests } = readLog(path)
    const { sent } = report.requests
    expect(requests.filter(({ phase }) => phase === 'measured')).toHaveLength(sent)
    expect(requests.filter(({ phase }) => phase === 'ramp')).toHaveLength(report.window.rampRequests)
    expect(report.window.rampRequests).toBeGreaterThan(10)
    expect(lines[0]).toMatchObject({ type: 'run', runId: report.plan.runId })
    expect(lines.at(-1)).toEqual({ type: 'end', requests: requests.length, missing: 0 })
    expect(new Set(requests.map(({ index }) => index)).size).toBe(requests.length)
    expect(new Set(requests.map(({ worker }) => worker)).size).toBe(2)
    for (const { intendedMs, sentMs, headersMs, firstTokenMs, lastTokenMs, doneMs, endMs, ...request } of requests) {
      const marks = [intendedMs, sentMs, headersMs, firstTokenMs, lastTokenMs, doneMs, endMs]
      expect(marks).toEqual(marks.toSorted((a, b) => (a ?? Number.NaN) - (b ?? Number.NaN)))
      expect(request).toMatchObject({ status: 200, failure: null, tokens: 20, tokenSource: 'usage', chunks: 20 })
    }
  })

  test('is complete after Ctrl-C, twice, compressed: what was cut off is there too', async () => {
    const { url } = await sim('--ttft-ms', '300', '--itl-ms', '100')
    const path = join(folder(), 'run.ndjson.gz')
    const run = new Llmload([...LOAD, '-H', url, '--request-log', path])
    await run.says(/All users spawned/)
    await delay(1500)
    run.signal('SIGINT')
    await run.says(/interrupt again/)
    run.signal('SIGINT')
    const { requests } = await reportOf(run)
    const log = readLog(path)
    expect(requests.censored).toBeGreaterThan(0)
    expect(log.requests.filter(({ censored }) => censored)).toHaveLength(requests.censored)
    expect(log.requests).toHaveLength(requests.sent)
  })

  test('agrees with the report when a worker is killed, and says what is missing', async () => {
    const { url } = await sim(...SERVER)
    const path = join(folder(), 'run.ndjson')
    const run = new Llmload([...LOAD, '-H', url, '-t', '3s', '--request-log', path])
    const [, worker] = await run.says(/-(\d+) \(index 1\) reported as ready/)
    await run.says(/All users spawned/)
    await delay(1500)
    process.kill(Number(worker), 'SIGKILL')
    const report = await reportOf(run)
    const { lines, requests } = readLog(path)
    expect(requests).toHaveLength(reported(report))
    const missing = report.requests.sent - reported(report)
    expect(lines.at(-1)).toEqual({ type: 'end', requests: requests.length, missing })
    expect(missing).toBeGreaterThan(0)
  })

  test('can be read up to the last second when the master is killed', async () => {
    const { url } = await sim(...SERVER)
    const path = join(folder(), 'run.ndjson.gz')
    const run = new Llmload([...LOAD, '-H', url, '--request-log', path])
    await run.says(/All users spawned/)
    await delay(3000)
    run.signal('SIGKILL')
    await run.ended
    expect(readLog(path).requests.length).toBeGreaterThan(50)
  })
})

describe('--record-frames', () => {
  test('keeps the responses of the slowest and of failed requests as they came', async () => {
    const { url } = await sim(...SERVER, '--fail-rate', '0.2')
    const path = join(folder(), 'run.ndjson.gz')
    const args = ['-t', '2s', '--request-log', path, '--record-frames', '3', '--max-fail-ratio', '1']
    await new Llmload([...LOAD, '-H', url, ...args]).ended
    const frames = readFileSync(path.replace('.ndjson.gz', '.frames.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => framesLine.parse(JSON.parse(line)))
    const { requests } = readLog(path)
    const slowest = frames.filter(({ why }) => why === 'slowest')
    const latencies = requests
      .filter(({ failure }) => failure === null)
      .map(({ endMs, sentMs }) => (endMs ?? 0) - (sentMs ?? 0))
      .toSorted((a, b) => b - a)
    expect(slowest).toHaveLength(3)
    // Marks are rounded to the microsecond one by one.
    for (const [i, { latencyMs }] of slowest.entries()) expect(latencyMs).toBeCloseTo(latencies[i] ?? Number.NaN, 2)
    for (const { index, reads } of slowest) {
      const request = requests.find((request) => request.index === index)
      expect(reads[0]?.atMs).toBe(request?.firstByteMs)
      expect(reads.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(request?.bodyBytes)
      expect(reads.map(({ text }) => text).join('')).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s)
    }
    const failed = frames.filter(({ why }) => why === 'failed')
    expect(failed).toHaveLength(3)
    expect(failed[0]).toMatchObject({ failure: 'status', status: 500 })
    expect(failed[0]?.reads.map(({ text }) => text).join('')).toContain('error')
  })
})
