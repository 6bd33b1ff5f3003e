import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder, Llmload, report, sim } from './support/llmload.js'

const SHORT = '-p 50 -o 10'.split(' ')
const FAST = ['--ttft-ms', '20', '--itl-ms', '2']

interface TrueRequest {
  readonly path: string
  readonly body_sha256: string
  readonly received_ns: number
  readonly end_ns: number
}

/** Requests that reached the simulator, by its own log. */
function requestsIn(truthLog: string): TrueRequest[] {
  return readFileSync(truthLog, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TrueRequest)
    .filter(({ path }) => path?.includes('completions'))
}

describe('load shapes', () => {
  test('a closed loop of 20 users sends again as answers complete', async () => {
    const { url } = await sim('--ttft-ms', '100', '--itl-ms', '10')
    const { report: run } = await report(...SHORT, '-H', url, '-u', '20', '-r', '20', '-t', '3s')
    // An answer takes 190 ms; users start within the first second, so between 2 and 3 s of load each.
    expect(run.requests.succeeded).toBeGreaterThan((20 * 2000) / 200)
    expect(run.requests.succeeded).toBeLessThan((20 * 3000) / 190 + 20)
    expect(run.requests.sent).toBe(run.requests.succeeded)
    expect(run.metrics.schedule_lag.count).toBe(0)
    expect(run.metrics.schedule_lag.mean).toBeNull()
  })

  test('Poisson arrivals of one seed are the same requests for one worker and for two', async () => {
    const args = [
      ...SHORT,
      '--qps',
      '50',
      '--qps-distribution',
      'exponential',
      '-u',
      '50',
      '-r',
      '50',
      '-t',
      '3s',
      '--seed',
      '5',
    ]
    const { url } = await sim(...FAST)
    const one = await report(...args, '-H', url)
    const two = await report(...args, '-H', url, '--processes', '2')
    expect(two.report.workers).toHaveLength(2)
    expect(two.report.requests.sent).toBe(one.report.requests.sent)
    expect(one.report.requests.sent).toBeGreaterThan(150 - 4 * Math.sqrt(150))
    expect(one.report.requests.sent).toBeLessThan(150 + 4 * Math.sqrt(150))
  })

  test('--max-requests is exact over the fleet, whatever the loop', async () => {
    const { url } = await sim(...FAST)
    for (const loop of [[], ['--qps', '100']]) {
      const { report: run } = await report(
        ...SHORT,
        '-H',
        url,
        '-u',
        '7',
        '-r',
        '7',
        '--processes',
        '3',
        '--max-requests',
        '43',
        ...loop,
      )
      expect(run.requests).toMatchObject({ sent: 43, succeeded: 43 })
      expect(run.window.endedBy).toBe('max-requests')
    }
  })

  test('too few users: arrivals are late, counted, warned about, and none is lost', async () => {
    const { url } = await sim('--ttft-ms', '400', '--itl-ms', '10')
    const { report: run, stderr } = await report(...SHORT, '-H', url, '--qps', '8', '-u', '2', '-r', '2', '-t', '3s')
    expect(stderr).toMatch(/WARNING.*not enough users/)
    expect(run.requests.late).toBeGreaterThan(5)
    expect(run.requests.sent + run.requests.unsent).toBe(24)
    expect(run.metrics.schedule_lag.max).toBeGreaterThan(500)
    expect(run.metrics.total_latency_from_intended.max).toBeGreaterThan(1000)
    expect(run.metrics.total_latency.max).toBeLessThan(600)
    expect(run.verdict).not.toBe('VALID')
  })

  test('the requests of the ramp are not part of the window', async () => {
    const log = join(folder(), 'truth.ndjson')
    const { url, process } = await sim(...FAST, '--truth-log', log)
    const { report: run } = await report(...SHORT, '-H', url, '--qps', '10', '-u', '3', '-r', '1', '-t', '2s')
    expect(run.requests.sent).toBe(20)
    expect(run.window.rampRequests).toBe(20)
    process.signal('SIGTERM')
    await process.ended
    expect(requestsIn(log)).toHaveLength(40)
  })

  test.each([
    { name: 'chat', args: ['--chat'], row: '/v1/chat/completions', streams: true },
    { name: 'completions without stream', args: ['--no-stream'], row: '/v1/completions', streams: false },
    { name: 'chat without stream', args: ['--chat', '--no-stream'], row: '/v1/chat/completions', streams: false },
    { name: 'provider openai', args: ['--provider', 'openai', '--chat'], row: '/v1/chat/completions', streams: true },
  ])('$name', async ({ args, row, streams }) => {
    const { url } = await sim(...FAST)
    const { report: run } = await report(
      ...SHORT,
      ...args,
      '-H',
      url,
      '--qps',
      '20',
      '-u',
      '20',
      '-r',
      '20',
      '-t',
      '1s',
    )
    expect(run.requests).toMatchObject({ sent: 20, succeeded: 20 })
    expect(run.entries.find(({ method }) => method === 'POST')).toMatchObject({ name: row, requests: 20 })
    expect(run.metrics.prompt_tokens).toMatchObject({ min: 50, max: 50, count: 20 })
    expect(run.metrics.time_to_first_token.count).toBe(streams ? 20 : 0)
    expect(run.metrics.total_latency.p50).toBeGreaterThanOrEqual(run.plan.target.provider === 'vllm' ? 38 : 20)
  })
})

describe('a fleet started by hand', () => {
  test('a master and two workers on this host give the totals of one', async () => {
    const { url } = await sim(...FAST)
    const master = new Llmload([
      ...SHORT,
      ...'--master --expect-workers 2 --master-port 0 --headless --json --qps 20 -u 20 -r 20 -t 3s -H'.split(' '),
      url,
    ])
    const [, port = ''] = await master.says(/--master-port (\d+)/)
    const workers = [0, 1].map(() => new Llmload(['--worker', '--master-port', port]))
    const { code, stdout } = await master.ended
    const run = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(run.requests).toMatchObject({ sent: 60, succeeded: 60, late: 0 })
    expect(run.workers.map((worker: { sent: number }) => worker.sent)).toEqual([30, 30])
    for (const worker of workers) expect((await worker.ended).code).toBe(0)
  })
})

describe('load shapes over time', () => {
  /** What the simulator received, in order: when, and when it was done with it, in s after the first. */
  async function runOf(...args: string[]) {
    const truthLog = join(folder(), 'truth.ndjson')
    const server = await sim(...FAST, '--truth-log', truthLog)
    const { report: run } = await report(...SHORT, '-H', server.url, ...args)
    server.process.signal('SIGINT')
    await server.process.ended
    const requests = requestsIn(truthLog).sort((a, b) => a.received_ns - b.received_ns)
    expect(run.requests.sent).toBe(requests.length)
    const seconds = (ns: number) => (ns - (requests[0]?.received_ns ?? 0)) / 1e9
    const times = requests.map(({ received_ns }) => seconds(received_ns))
    const ends = requests.map(({ end_ns }) => seconds(end_ns))
    /** Most requests in flight at once in a span of time. */
    const mostBetween = (fromS: number, endS: number) =>
      Math.max(
        ...[fromS, ...times.filter((time) => time >= fromS && time < endS)].map(
          (at) => times.filter((time, i) => time <= at && (ends[i] ?? 0) > at).length,
        ),
      )
    return { run, times, mostBetween, contents: requests.map(({ body_sha256 }) => body_sha256).sort() }
  }
  const arrivalsAt = async (...args: string[]): Promise<number[]> => (await runOf(...args)).times
  const within = (times: readonly number[], fromS: number, endS: number) =>
    times.filter((time) => time >= fromS && time < endS).length

  test('--stages holds one rate after the other, and ramps, over two workers', async () => {
    const stages = '2s:qps=10,2s:qps=10..40,1s:qps=100/users=40'
    const { run, times } = await runOf('--stages', stages, '-u', '20', '-r', '20', '--processes', '2')
    expect(times).toHaveLength(20 + 50 + 100)
    expect(run.stages.map(({ fromS, lengthS, requests }) => [fromS, lengthS, requests.sent])).toEqual([
      [0, 2, 20],
      [2, 2, 50],
      [4, 1, 100],
    ])
    // The borders are given a few arrivals of play: the server sees them when they come.
    expect(Math.abs(within(times, 0, 2) - 20)).toBeLessThanOrEqual(2)
    expect(Math.abs(within(times, 2, 4) - 50)).toBeLessThanOrEqual(4)
  })

  test('--burst: all users at once, once per period', async () => {
    const times = await arrivalsAt('--burst', '1s', '-u', '8', '-r', '8', '-t', '3s', '--processes', '2')
    expect(times).toHaveLength(24)
    expect([0, 1, 2].map((s) => within(times, s - 0.1, s + 0.4))).toEqual([8, 8, 8])
  })

  test('--ramping-time: one request at a time, then more and more', async () => {
    const ramp = ['--ramping-time', '2s', '--ramping-warmup-time', '1s']
    const run = await runOf(...ramp, '-u', '16', '-r', '16', '-t', '4s', '--processes', '2')
    expect(run.mostBetween(0, 0.9)).toBe(1)
    // Half-way up there are 4 users, the root of 16. A second worker may start a little later than the first.
    expect(run.mostBetween(1.5, 1.9)).toBeLessThanOrEqual(4)
    expect(run.mostBetween(2, 4)).toBe(16)
  })

  test('--stages of users: more by the spawn rate, fewer at once, over three workers', async () => {
    const stages = '1s:users=2,2s:users=9,1s:users=4'
    // Users send for the first time at random within a second: with this seed one of the first two does so at once.
    const run = await runOf('--stages', stages, '-r', '20', '--processes', '3', '--seed', '6')
    expect(run.mostBetween(0, 0.9)).toBe(2)
    expect(run.mostBetween(0, 5)).toBe(9)
    // Who is busy when users become fewer sends no more.
    expect(run.mostBetween(3.2, 5)).toBe(4)
    expect(run.run.stages.map(({ requests }) => requests.sent).reduce((sum, sent) => sum + sent)).toBe(run.times.length)
  })

  test('--burstiness makes gamma gaps: the same for one worker and for two', async () => {
    const args = ['--qps', '40', '--burstiness', '0.25', '-u', '60', '-r', '60', '-t', '3s', '--seed', '4']
    const runs = [await runOf(...args), await runOf(...args, '--processes', '2')]
    const [one = [], two = []] = runs.map(({ times }) => times)
    expect(two).toHaveLength(one.length)
    expect(runs[1]?.contents).toEqual(runs[0]?.contents)
    const apart = one.map((time, i) => Math.abs(time - (two[i] ?? 0)))
    expect(apart.sort((a, b) => a - b)[Math.floor(apart.length / 2)]).toBeLessThan(0.02)
    // Bursts: a quarter of the gaps or more is below a tenth of the mean gap, where a Poisson process has a tenth.
    const gaps = one.slice(1).map((time, i) => time - (one[i] ?? 0))
    expect(gaps.filter((gap) => gap < 0.0025).length / gaps.length).toBeGreaterThan(0.25)
  })
})
