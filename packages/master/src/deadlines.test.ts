import { describe, expect } from 'vitest'
import { test } from '../test/master-run.js'
import { instant, SkewedClock, statsData, type WireWorker } from '../test/wire-worker.js'

/** Lets time pass of which the master hears, as it does from a worker that only says that it is there. */
async function pass(clock: SkewedClock, seconds: number, ...workers: WireWorker[]): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 2) {
    clock.aheadMs += 2000
    await Promise.all(workers.map((worker) => worker.heard()))
  }
}

describe.concurrent('a run comes to an end though a worker', () => {
  test('never says that it has started', { timeout: 20_000 }, async ({ pair }) => {
    const clock = new SkewedClock()
    const { run, one, two } = await pair({ clock, load: { runTimeS: 60 } })
    await Promise.all([one.getReady(), two.getReady()])
    const { startAtMs } = await one.next('start')
    await instant(startAtMs)
    one.send({ type: 'started', lateByMs: 0 })
    await one.report({ measured: statsData({ answered: 1 }) })
    await pass(clock, 12, one, two)
    await run.says("Worker 'host-2' is lost: it did not start")
    run.interrupt()
    await one.next('stop')
    await one.drain()
    await run.ended
    expect(run.report.workers.map(({ lost }) => lost?.how)).toEqual([undefined, 'did not start'])
  })

  test('says that it is there, and reports nothing', { timeout: 20_000 }, async ({ begin }) => {
    const clock = new SkewedClock()
    const run = begin({ clock, load: { runTimeS: null } })
    const worker = await run.worker()
    await worker.run()
    await worker.report({ measured: statsData({ answered: 1 }) })
    await pass(clock, 62, worker)
    expect(await run.ended).toBe(3)
    expect(run.report.workers[0]?.lost?.how).toBe('sent heartbeats, but no report for 60 s')
  })

  test('never says that it has drained', { timeout: 20_000 }, async ({ pair }) => {
    const clock = new SkewedClock()
    const { run, one, two } = await pair({ clock, load: { runTimeS: 0.2, stopTimeoutS: 3 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    await instant(startAtMs + 200)
    await one.report({ measured: statsData({ answered: 1 }) })
    one.send({ type: 'drained', lastSeq: 1, lastSentMs: null, endedMs: startAtMs + 200 })
    await run.says('--run-time limit reached')
    await pass(clock, 14, one, two)
    expect(await two.next('stop')).toMatchObject({ now: true })
    await pass(clock, 6, one, two).catch(() => {}) // it is given up meanwhile
    await run.ended
    expect(run.report.workers.map(({ lost }) => lost?.how)).toEqual([undefined, 'did not come to an end'])
  })

  test('reads nothing any more', { timeout: 20_000 }, async ({ pair }) => {
    const clock = new SkewedClock()
    const { run, one, two } = await pair({ clock, load: { runTimeS: 0.2, stopTimeoutS: 0 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    two.socket.pause()
    await instant(startAtMs + 200)
    await one.report({ measured: statsData({ answered: 1 }) })
    one.send({ type: 'drained', lastSeq: 1, lastSentMs: null, endedMs: startAtMs + 200 })
    await run.says('--run-time limit reached')
    for (let i = 0; i < 9; i++) {
      two.send({ type: 'heartbeat' })
      await pass(clock, 2, one)
    }
    await run.ended
    expect(run.report.workers[1]?.lost).not.toBeNull()
  })
})
