import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunReport } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { folder, llmload, report, sim } from './support/llmload.js'

const SHORT = '-p 50 -o 20 --qps 20 -u 20 -r 20'.split(' ')

/** Line of a metric in the metrics block; undefined if it has none. */
const lineOf = (output: string, label: string): string | undefined =>
  output.split('\n').find((line) => line.startsWith(`${label}  `))

describe('llmload explain', () => {
  test('says what a metric is, how it is made and who else has it, under any of its names', async () => {
    const { code, stdout } = await llmload('explain', 'ttft')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^time_to_first_token \(TTFT\)\n/)
    expect(stdout).toMatch(/^ {2}formula +first token − sent$/m)
    expect(stdout).toMatch(/^ {2}marks +sentMs, firstTokenMs$/m)
    expect(stdout).toMatch(/^ {2}differs from +vLLM bench: ttft, which ends at the first event with choices/m)
    expect((await llmload('explain', 'Time-To-First-Token')).stdout).toBe(stdout)
  })

  test('lists all metrics', async () => {
    const { code, stdout } = await llmload('explain')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^inter_token_latency +ITL +ms$/m)
    expect(stdout).toMatch(/^outputTokensPerSecond +Output tokens\/s +tokens\/s$/m)
  })

  test('knows what was meant by a name that is none', async () => {
    const { code, stderr } = await llmload('explain', 'time_to_first_tokn')
    expect(code).toBe(2)
    expect(stderr).toContain("BAD_OPTIONS: no metric is called 'time_to_first_tokn'\n")
    expect(stderr).toContain('did you mean time_to_first_token?')
  })
})

describe('--warmup', () => {
  /** When each generation reached the simulator, in ms after the first. */
  function arrivalsIn(truthLog: string): number[] {
    const lines = readFileSync(truthLog, 'utf8').trim().split('\n')
    const atMs = lines
      .map((line) => JSON.parse(line) as { path?: string; received_ns: number })
      .filter(({ path }) => path?.includes('completions'))
      .map(({ received_ns }) => received_ns / 1e6)
      .sort((a, b) => a - b)
    return atMs.map((instantMs) => instantMs - (atMs[0] ?? 0))
  }

  test('is load that is not measured, before the window and without a gap to it', async () => {
    const log = join(folder(), 'truth.ndjson')
    const { url, process } = await sim('--ttft-ms', '10', '--itl-ms', '2', '--truth-log', log)
    const { report: run } = await report(...SHORT, '-H', url, '--warmup', '1s', '-t', '1s')
    expect(run.requests).toMatchObject({ sent: 20, succeeded: 20, sentPerSecond: 20 })
    expect(run.window).toMatchObject({ lengthS: 1, rampRequests: 20 })
    expect(run.notes[0]).toContain('a warm-up of 1 s; 20 requests sent before that are not shown')
    const rows = run.entries.filter(({ name }) => name !== '/v1/models')
    expect(rows.map(({ requests }) => requests)).toEqual(rows.map(() => 20))
    process.signal('SIGTERM')
    await process.ended
    const arrivals = arrivalsIn(log)
    expect(arrivals).toHaveLength(40)
    // One arrival every 50 ms from first to last: as much as a busy machine may be late.
    for (const [i, atMs] of arrivals.entries()) expect(Math.abs(atMs - 50 * i), `arrival ${i}`).toBeLessThan(250)
  })

  test('keeps what was due in it, though sent in the window for lack of users', async () => {
    const { url } = await sim('--ttft-ms', '250', '--itl-ms', '0')
    const args = '-p 50 -o 5 --qps 10 -u 2 -r 2 --warmup 1s -t 1s'.split(' ')
    const { report: run } = await report(...args, '-H', url)
    // Two users at four answers a second take 8 of 10 arrivals a second: two of the warm-up are left over.
    expect(run.window.rampRequests).toBe(10)
    expect(run.requests.sent + run.requests.unsent).toBe(10)
    expect(run.requests.unsent).toBeGreaterThan(2)
  })

  test('counts no request of --max-requests', async () => {
    const { url } = await sim('--ttft-ms', '20', '--itl-ms', '1')
    const { report: run } = await report(
      ...'-p 50 -o 5 -u 4 -r 4 --warmup 500ms --max-requests 21'.split(' '),
      '-H',
      url,
    )
    expect(run.requests).toMatchObject({ sent: 21, succeeded: 21 })
    expect(run.window.rampRequests).toBeGreaterThan(0)
  })
})

test('the time between tokens is shared out where events carry several, and shown so', async () => {
  const { url } = await sim(...'--ttft-ms 20 --itl-ms 10 --tokens-per-chunk 4 --quirk usage-every-chunk'.split(' '))
  const { report: run, stderr } = await report(...SHORT, '-H', url, '-t', '1s')
  const { inter_token_latency, inter_token_latency_per_token, time_per_output_token } = run.metrics
  expect([inter_token_latency.count, inter_token_latency_per_token.count]).toEqual([20 * 5, 20 * 19])
  expect(inter_token_latency.p50).toBeCloseTo(40, -0.5)
  expect(inter_token_latency_per_token.p50).toBeCloseTo(10, -0.3)
  expect(time_per_output_token.p50).toBeLessThan(11)
  expect(lineOf(stderr, 'ITL per token')).toMatch(/ 380$/)
})

test('a model that thinks has a time to its first visible token, and one of thinking', async () => {
  const { url } = await sim('--ttft-ms', '20', '--itl-ms', '5', '--quirk', 'reasoning')
  const { report: run, stderr } = await report(...SHORT, '-H', url, '--chat', '-t', '1s')
  const { time_to_first_token, time_to_first_visible_token, reasoning_duration } = run.metrics
  expect(reasoning_duration.count).toBe(20)
  const of = (metric: RunReport['metrics'][keyof RunReport['metrics']]): number => metric.mean ?? Number.NaN
  expect(of(time_to_first_visible_token)).toBeCloseTo(of(time_to_first_token) + of(reasoning_duration), 3)
  expect(of(reasoning_duration)).toBeGreaterThan(19 * 5 - 5)
  expect(lineOf(stderr, 'TTFT: visible')).toBeDefined()
  expect(lineOf(stderr, 'Reasoning')).toBeDefined()
})

test('requests cut off at the end bound the percentiles of what they had not reached', async () => {
  const { url } = await sim('--ttft-ms', '60', '--itl-ms', '10') // an answer takes 250 ms
  const { report: run, stderr } = await report(...SHORT, '-H', url, '-t', '1s', '--stop-timeout', '0')
  const { time_to_first_token, total_latency, time_per_output_token } = run.metrics
  const { sent, succeeded, censored } = run.requests
  expect([sent, succeeded + censored]).toEqual([20, 20])
  expect(censored).toBeGreaterThan(3)
  expect(total_latency).toMatchObject({ count: succeeded, censored })
  expect(total_latency.lowerBounds).toEqual(expect.arrayContaining(['p90', 'p95', 'p99', 'p999', 'max']))
  expect(total_latency.p50).toBeGreaterThanOrEqual(250) // those cut early take no part of it away
  expect(time_to_first_token.count + time_to_first_token.censored).toBe(20)
  expect(time_to_first_token.count).toBeGreaterThan(succeeded)
  expect(time_per_output_token).toMatchObject({ count: succeeded, censored: 0, lowerBounds: [] })
  expect(lineOf(stderr, 'E2E')).toMatch(/≥\d+\.\d\d +≥/)
  expect(stderr).toContain(`≥ at least: ${censored} requests were cut off or never sent`)
})

test('the metrics block says what so few values do not support, and how fast the whole run was', async () => {
  const { report: run, stderr } = await report(...SHORT, '-H', 'sim', '-t', '1s')
  expect(lineOf(stderr, 'TTFT')).toMatch(/^TTFT +ms( +\d+\.\d\d){2}( +~\d+\.\d\d){3} +\d+\.\d\d +20$/)
  expect(stderr).toContain('~ n is too small to tell: p90 needs 29, p95 needs 59, p99 needs 299\n')
  expect(stderr).toContain('Whole run: 20.00 requests/s; tokens/s: 1000.0 input + 400.0 output = 1400.0\n')
  // Each event carries one token: what is the same is shown once.
  expect(run.metrics.inter_token_latency_per_token).toEqual(run.metrics.inter_token_latency)
  expect(lineOf(stderr, 'ITL')).toMatch(/ 380$/)
  expect(lineOf(stderr, 'ITL per token')).toBeUndefined()
})
