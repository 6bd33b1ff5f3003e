import { EXIT, METRICS, runReport, runReportJsonSchema } from '@llmload/core'
import { describe, expect } from 'vitest'
import { test } from '../test/master-run.js'
import { instant, statsData } from '../test/wire-worker.js'

describe.concurrent('a run with one worker', () => {
  test('tells it everything, adds up what it reports, and says goodbye', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 1 }, secrets: { apiKey: 'sk-secret' } })
    const worker = await run.worker()
    worker.send({ type: 'ping', workerMs: 42 })
    expect(await worker.next('pong')).toMatchObject({ workerMs: 42 })
    const prepare = await worker.getReady()
    expect(prepare).toMatchObject({
      plan: { target: { model: 'M' } },
      secrets: { apiKey: 'sk-secret' },
      share: { index: 0, count: 1 },
    })
    const { startAtMs } = await worker.next('start')
    await instant(startAtMs)
    worker.send({ type: 'started', lateByMs: 0.5 })
    await worker.report({ measured: statsData({ answered: 6 }) })
    await instant(startAtMs + 1000)
    await worker.report({ measured: statsData({ answered: 4 }) })
    await worker.drain()

    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report).toMatchObject({
      verdict: 'VALID',
      requests: { sent: 10, succeeded: 10, failed: 0, sentPerSecond: 10, outputTokensPerSecond: 1000 },
      window: { phase: 'measured', lengthS: 1, endedBy: 'run-time' },
      workers: [{ id: 'host-1', sent: 10, deltas: 2, missingDeltas: 0, lateByMs: 0.5, lost: null }],
    })
  })

  test('logs what Locust logs', async ({ begin }) => {
    const run = begin({ load: { users: 4, spawnRate: 100, runTimeS: 0.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 500)
    await worker.report({ measured: statsData({ answered: 1 }) })
    await worker.drain()
    await run.ended
    const locusts = run.logged.filter((line) => line.startsWith('info'))
    expect(locusts).toEqual([
      'info Model: M',
      'info host-1 (index 0) reported as ready. 1 workers connected.',
      'info Run time limit set to 0.5 seconds',
      'info Ramping to 4 users at a rate of 100.00 per second',
      'info All users spawned: {"LLMUser": 4} (4 total users)',
      'info --run-time limit reached, shutting down',
      'info Shutting down (exit code 0)',
    ])
  })

  test('shows a table at once, before any request, and every two seconds', async ({ begin }) => {
    const run = begin({ output: { json: false }, load: { runTimeS: 2.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    expect(run.stdout.match(/^Type /gm)).toHaveLength(1)
    await instant(startAtMs + 2500)
    expect(run.stdout.match(/^Type /gm)).toHaveLength(2)
    await worker.report({ measured: statsData({ answered: 1 }) })
    await worker.drain()
    await run.ended
  })
})

describe.concurrent('the printed result', () => {
  test('has the tables in Locust’s order, and llm_bench’s summary last', async ({ begin }) => {
    const run = begin({ output: { json: false, onlySummary: true }, load: { runTimeS: 1, qps: 3 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 1000)
    await worker.report({ measured: statsData({ answered: 2, failed: 1 }) })
    await worker.drain()
    await run.ended
    const lines = run.stdout.split('\n')
    const order = [
      /^POST +\/v1\/completions +3 +1\(33\.33%\) \| +10 +10 +10 +10 \| +3\.00 +1\.00$/,
      /^GET +\/v1\/models +0 +0\(0\.00%\)/, // asked before the window
      /^METRIC +latency_per_token +0 /, // llm_bench’s empty rows
      /^METRIC +num_tokens +2 /,
      /^METRIC +total_latency +2 /,
      /^ +Aggregated +3 +1\(33\.33%\)/, // requests only
      /^Response time percentiles/,
      /^Error report$/,
      /^1 +POST \/v1\/completions: HTTP 500: boom/,
      /^Metric +Unit/,
      /^E2E +ms +570\.00/,
      /^Verdict: VALID$/,
      /^=+ Summary =+$/,
      /^Concurrency +: QPS 3\.0 constant$/,
      /^Num Requests +: 2$/,
      /^Qps +: 3\.0$/,
      /^=+$/,
    ]
    let at = -1
    for (const pattern of order) {
      const found = lines.findIndex((line, i) => i > at && pattern.test(line))
      expect(found, `${pattern} after line ${at}:\n${run.stdout}`).toBeGreaterThan(at)
      at = found
    }
    expect(lines.slice(at + 1)).toEqual([''])
  })

  test('with --json is one object on stdout, and all tables go to stderr', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 0.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 500)
    await worker.report({ measured: statsData({ answered: 1 }) })
    await worker.drain()
    await run.ended
    expect(Object.keys(run.report.metrics)).toEqual(METRICS.map(({ name }) => name))
    expect(run.report.metrics.inter_token_latency).toMatchObject({ count: 0, mean: null, p50: null, max: null })
    expect(run.stderr).toContain('Response time percentiles')
    expect(run.stderr).toContain(' Summary ')
  })

  test('never holds a secret', async ({ begin }) => {
    const secrets = { apiKey: 'sk-secret', headers: [['x-key', 'hush']] as const }
    const run = begin({ secrets, load: { runTimeS: 0.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 500)
    await worker.report({ measured: statsData({ answered: 1 }) })
    await worker.drain()
    await run.ended
    expect(run.stdout + run.stderr + run.logged.join('\n')).not.toMatch(/sk-secret|hush/)
  })
})

describe.concurrent('the window', () => {
  test('leaves out what was sent while users were spawned, and says so', async ({ begin }) => {
    const run = begin({ load: { users: 3, spawnRate: 4, runTimeS: 0.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await worker.report({ ramp: statsData({ answered: 7 }) })
    await instant(startAtMs + 500)
    await worker.report({ measured: statsData({ answered: 5 }) })
    await worker.drain()
    await run.ended
    expect(run.report).toMatchObject({
      requests: { sent: 5, sentPerSecond: 10 },
      window: { lengthS: 0.5, rampRequests: 7 },
    })
    expect(run.report.notes[0]).toBe(
      'measured for 0.5 s from the moment all users were spawned; 7 requests sent before that are not shown',
    )
  })

  test('opens after the warm-up, and is as long as asked for', async ({ begin }) => {
    const run = begin({ load: { warmupS: 0.3, runTimeS: 0.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await worker.report({ ramp: statsData({ answered: 3 }) })
    await instant(startAtMs + 800)
    await worker.report({ measured: statsData({ answered: 5 }) })
    await worker.drain()
    await run.ended
    expect(run.report).toMatchObject({
      requests: { sent: 5, sentPerSecond: 10 },
      window: { lengthS: 0.5, rampRequests: 3 },
      workers: [{ lost: null }],
    })
    expect(run.logged.filter((line) => /Warm/.test(line))).toEqual([
      'info Warming up for 0.3 seconds: not measured yet',
      'info Warm-up over: the measured window opens',
    ])
  })

  test('ends with the last request where a number of them was asked for', async ({ begin }) => {
    const run = begin({ load: { runTimeS: null, maxRequests: 8 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await worker.report({ measured: statsData({ answered: 8 }) })
    await worker.drain({ endedMs: startAtMs + 400 })
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report).toMatchObject({
      requests: { sent: 8, sentPerSecond: 20 },
      window: { endedBy: 'max-requests' },
      workers: [{ lost: null }],
    })
    expect(run.report.window.lengthS).toBeCloseTo(0.4, 6)
  })
})

describe.concurrent('exit code', () => {
  test.for([
    { measured: { answered: 99, failed: 1 }, code: EXIT.ok, story: 'one of a hundred failed: just what is allowed' },
    { measured: { answered: 98, failed: 2 }, code: EXIT.failures, story: 'two of a hundred failed' },
    { measured: { failed: 3 }, code: EXIT.failures, story: 'nothing was answered' },
    { measured: { censored: 3 }, code: EXIT.failures, story: 'everything was cut off' },
  ])('is $code when $story', async ({ measured, code }, { begin }) => {
    const run = begin({ load: { runTimeS: 0.1 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 100)
    await worker.report({ measured: statsData(measured) })
    await worker.drain()
    expect(await run.ended).toBe(code)
  })

  test('is 1 and the summary says so when no request was sent at all', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 0.1 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 100)
    await worker.drain()
    expect(await run.ended).toBe(EXIT.failures)
    expect(run.stderr).toMatch(/^Num Requests +: 0$/m)
    expect(run.report.requests).toMatchObject({ sent: 0, failRatio: null, sentPerSecond: 0 })
  })
})

test.concurrent('the schema that is published describes what is printed', async ({ begin }) => {
  const run = begin({ load: { runTimeS: 0.1 } })
  const worker = await run.worker()
  const startAtMs = await worker.run()
  await instant(startAtMs + 100)
  await worker.report({ measured: statsData({ answered: 1, failed: 1 }) })
  await worker.drain()
  await run.ended
  expect(runReport.parse(run.report)).toEqual(run.report)
  expect(JSON.stringify(runReportJsonSchema())).toContain('"endedBy"')
})
