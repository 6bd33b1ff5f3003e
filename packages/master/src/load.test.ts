import { EXIT } from '@llmload/core'
import { describe, expect } from 'vitest'
import { test } from '../test/master-run.js'
import { instant, SkewedClock, statsData } from '../test/wire-worker.js'

describe.concurrent('Ctrl-C', () => {
  test('once lets requests in flight finish and reports all of them', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 400)
    run.interrupt()
    expect(await worker.next('stop')).toMatchObject({ type: 'stop', now: false })
    await worker.report({ measured: statsData({ answered: 4 }) })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report).toMatchObject({ requests: { sent: 4 }, window: { phase: 'measured', endedBy: 'interrupted' } })
    expect(run.report.requests.sentPerSecond).toBeCloseTo(4 / run.report.window.lengthS, 9)
    expect(run.report.window.lengthS).toBeGreaterThanOrEqual(0.4)
    expect(run.report.workers[0]?.lost).toBeNull()
  })

  test('twice cancels them', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 100)
    run.interrupt()
    expect(await worker.next('stop')).toMatchObject({ type: 'stop', now: false })
    run.interruptAgain()
    expect(await worker.next('stop')).toMatchObject({ type: 'stop', now: true })
    await worker.report({ measured: statsData({ answered: 1, censored: 1 }) })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report).toMatchObject({ verdict: 'INVALID', reasons: [{ code: 'censored', observed: 0.5 }] })
  })

  test('while users are spawned reports the ramp, and says so', async ({ begin }) => {
    const run = begin({ load: { users: 10, spawnRate: 1, runTimeS: 60 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 500)
    run.interrupt()
    await worker.next('stop')
    await worker.report({ ramp: statsData({ answered: 3 }) })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report).toMatchObject({ requests: { sent: 3 }, window: { phase: 'ramp', rampRequests: 0 } })
    expect(run.report.notes[0]).toMatch(/^these are the numbers of the ramp: it was measured for 0\.5 s/)
    expect(run.report.entries.map(({ name }) => name)).toContain('/v1/models')
  })

  test('while the server is warmed up reports what there was, and says that it is not the window', async ({
    begin,
  }) => {
    const run = begin({ load: { warmupS: 60, runTimeS: 60 } })
    const worker = await run.worker()
    await worker.run()
    await run.says('Warming up for 60 seconds')
    run.interrupt()
    await worker.next('stop')
    await worker.report({ ramp: statsData({ answered: 3 }) })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report).toMatchObject({ requests: { sent: 3 }, window: { phase: 'ramp', rampRequests: 0 } })
    expect(run.report.notes[0]).toMatch(/^these are the numbers of the ramp: .* before the warm-up was over$/)
  })

  test('before the start instant still comes to an end', async ({ begin }) => {
    const run = begin()
    const worker = await run.worker()
    await worker.getReady()
    await worker.next('start')
    run.interrupt()
    await worker.next('stop')
    worker.send({ type: 'started', lateByMs: 0 })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.failures)
    expect(run.report).toMatchObject({
      requests: { sent: 0, sentPerSecond: null },
      window: { phase: 'ramp', lengthS: 0 },
    })
  })
})

test.concurrent('a worker that never ends is cancelled, then given up', async ({ begin }) => {
  const clock = new SkewedClock()
  const run = begin({ clock, load: { runTimeS: 0.1, stopTimeoutS: 7 } })
  const worker = await run.worker()
  await worker.run()
  await run.says('--run-time limit reached')

  clock.aheadMs += 15_000
  await worker.heard()
  expect(worker.received.map(({ type }) => type)).not.toContain('stop') // 7 s to drain, 10 s for its last report

  clock.aheadMs += 2100
  worker.send({ type: 'heartbeat' })
  expect(await worker.next('stop')).toMatchObject({ type: 'stop', now: true })

  clock.aheadMs += 5000
  worker.send({ type: 'heartbeat' })
  expect(await run.ended).toBe(EXIT.notCarriedOut)
  expect(run.report.workers[0]?.lost?.how).toBe('did not come to an end')
})
