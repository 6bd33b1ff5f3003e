import { EXIT } from '@llmload/core'
import { describe, expect } from 'vitest'
import { test } from '../test/master-run.js'
import { instant, SkewedClock, statsData } from '../test/wire-worker.js'

describe.concurrent('before the load, a run fails', () => {
  test('when a file could not be written in the end, before anything else', async ({ begin }) => {
    const run = begin({ answer: null, output: { summaryFile: '/no/such/folder/out.csv' } })
    await expect(run.ended).rejects.toMatchObject({ code: 'OUTPUT_FILE', exitCode: EXIT.usage })
  })

  test('with the words of the worker that could not prepare', async ({ begin }) => {
    const run = begin()
    const worker = await run.worker()
    await worker.next('prepare')
    worker.send({ type: 'failed', code: 'TOKENIZER', message: 'no tokenizer.json in /x', hint: 'name another' })
    await expect(run.ended).rejects.toMatchObject({
      code: 'TOKENIZER',
      message: 'worker host-1: no tokenizer.json in /x',
      exitCode: EXIT.usage,
    })
  })

  test('when a worker is killed while it prepares, and names it', async ({ pair }) => {
    const { run, one } = await pair()
    await one.next('prepare')
    one.kill()
    await expect(run.ended).rejects.toMatchObject({
      code: 'PREPARE_FAILED',
      message: expect.stringMatching(/^worker host-1 was lost before the run began: it lost its connection/),
    })
  })

  test('when its own worker process ends, with the last words of that process', async ({ begin }) => {
    const end = { pid: 7, code: 7, signal: null, stderrTail: 'Error: cannot find module\n' }
    const run = begin({ processes: { exited: Promise.resolve(end) } })
    await expect(run.ended).rejects.toMatchObject({
      code: 'PREPARE_FAILED',
      message: expect.stringContaining('exit code 7; its last words:\nError: cannot find module'),
    })
  })

  test('when not enough workers come in time, and says who did', async ({ begin }) => {
    const run = begin({ role: 'master', fleet: { expectWorkers: 2, expectWorkersMaxWaitS: 0.2 } })
    await run.worker()
    await expect(run.ended).rejects.toMatchObject({
      code: 'BARRIER_TIMEOUT',
      message: 'gave up waiting for workers to connect: 1 of 2 came within 0.2 s (host-1)',
    })
  })

  test('when a worker does not get ready within ten minutes, and says how far it has got', async ({ pair }) => {
    const clock = new SkewedClock()
    const { run, one, two } = await pair({ clock })
    await one.getReady()
    await two.next('prepare')
    two.send({ type: 'preparing', done: 3, total: 50 })
    await Promise.all([one.heard(), two.heard()])
    clock.aheadMs += 5000
    two.send({ type: 'heartbeat' })
    await run.says('info Workers prepare: host-2 (3 of 50)')
    clock.aheadMs += 595_000
    two.send({ type: 'heartbeat' })
    await expect(run.ended).rejects.toMatchObject({
      code: 'BARRIER_TIMEOUT',
      message: 'not ready after 600 s: host-2 (3 of 50)',
    })
  })

  test.for(['before', 'after'])(
    'without a report when interrupted %s the workers have come',
    async (when, { begin }) => {
      const run = begin()
      await run.address
      const worker = when === 'after' ? await run.worker() : null
      await worker?.next('prepare')
      run.interrupt()
      expect(await run.ended).toBe(EXIT.notCarriedOut)
      expect(run.stdout).toBe('')
      expect(run.logged.at(-1)).toBe(
        'warn interrupted before the load began: no request was sent, so there is no report',
      )
    },
  )
})

describe.concurrent('workers', () => {
  test('without a user to run are sent away, and the others share the load', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { users: 1, runTimeS: 0.1 } })
    expect(await one.getReady()).toMatchObject({ share: { index: 0, count: 1 } })
    await two.next('bye')
    expect(await two.closed).toMatchObject({ reason: 'the run has 1 users for 2 workers: nothing to do for this one' })
    const { startAtMs } = await one.next('start')
    await instant(startAtMs + 100)
    one.send({ type: 'started', lateByMs: 0 })
    await one.report({ measured: statsData({ answered: 1 }) })
    await one.drain()
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report.workers).toHaveLength(1)
  })

  test('that come when the requests of a run are dealt out are turned away', async ({ begin }) => {
    const run = begin({ load: { maxRequests: 10 } })
    const worker = await run.worker()
    await worker.next('prepare')
    await expect(run.worker(2)).rejects.toThrow(
      'closed (1008 the run has begun without it, and its requests (--max-requests) are dealt out)',
    )
  })

  test('add up to the same as one', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 0.5 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    await Promise.all([
      one.report({ measured: statsData({ answered: 3, latencyMs: 400 }) }),
      two.report({ measured: statsData({ answered: 2, latencyMs: 900 }) }),
    ])
    await instant(startAtMs + 500)
    await Promise.all([one.drain(), two.drain()])
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.report).toMatchObject({
      requests: { sent: 5, sentPerSecond: 10 },
      metrics: { total_latency: { count: 5, mean: 600, min: 400, max: 900 } },
      workers: [
        { id: 'host-1', sent: 3, loadShare: 0.5 },
        { id: 'host-2', sent: 2, loadShare: 0.5 },
      ],
    })
  })
})
