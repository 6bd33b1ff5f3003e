import { EXIT } from '@llmload/core'
import { describe, expect } from 'vitest'
import { test } from '../test/master-run.js'
import { instant, statsData } from '../test/wire-worker.js'
import type { ProcessEnd } from './worker-processes.js'

describe.concurrent('a worker that is lost', () => {
  test('between ready and start does not stop the others', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 0.5 } })
    await Promise.all([one.getReady(), two.getReady()])
    const { startAtMs } = await one.next('start')
    two.kill()
    await instant(startAtMs)
    one.send({ type: 'started', lateByMs: 0 })
    await instant(startAtMs + 500)
    await one.report({ measured: statsData({ answered: 1 }) })
    await one.drain()
    await run.ended
    expect(run.report).toMatchObject({ verdict: 'INVALID', reasons: [{ code: 'worker_lost', worker: 'host-2' }] })
  })

  test('during the run is named, with the time and its share; what it had reported stays', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 1 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    await Promise.all([
      one.report({ measured: statsData({ answered: 2 }) }),
      two.report({ measured: statsData({ answered: 3 }) }),
    ])
    await instant(startAtMs + 500)
    two.kill()
    await instant(startAtMs + 1000)
    await one.report({ measured: statsData({ answered: 2 }) })
    await one.drain()
    expect(await run.ended).toBe(EXIT.ok)
    const { reasons, requests, workers } = run.report
    expect(requests.sent).toBe(7)
    expect(workers[1]).toMatchObject({ id: 'host-2', sent: 3, lost: { loadShare: 0.5 } })
    expect(workers[1]?.lost?.atS).toBeGreaterThanOrEqual(0.5)
    expect(workers[1]?.lost?.atS).toBeLessThan(1)
    expect(reasons).toMatchObject([{ code: 'worker_lost', worker: 'host-2', observed: 0.5, verdict: 'INVALID' }])
    expect(run.logged.join('\n')).toContain("warn Worker 'host-2' is lost: it lost its connection. 1 workers left.")
  })

  test('while it drains is lost all the same', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 0.2 } })
    await Promise.all([one.run(), two.run()])
    await one.report({ measured: statsData({ answered: 1 }) })
    await two.report({ measured: statsData({ answered: 1 }) })
    await run.says('--run-time limit reached')
    two.kill()
    await one.drain()
    await run.ended
    expect(run.report).toMatchObject({ verdict: 'INVALID', workers: [{ lost: null }, { lost: { loadShare: 0.5 } }] })
  })

  test('as the last one ends the run, with what it had reported and exit code 3', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 300)
    await worker.report({ measured: statsData({ answered: 3 }) })
    worker.kill()
    expect(await run.ended).toBe(EXIT.notCarriedOut)
    expect(run.report).toMatchObject({ verdict: 'INVALID', requests: { sent: 3 }, window: { endedBy: 'workers-lost' } })
    expect(run.report.window.lengthS).toBeGreaterThanOrEqual(0.3)
    expect(run.report.window.lengthS).toBeLessThan(1)
  })

  test('with its process has its last words in the log', async ({ begin }) => {
    let crash: (end: ProcessEnd) => void = () => {}
    const exited = new Promise<ProcessEnd>((resolve) => {
      crash = resolve
    })
    const run = begin({ processes: { exited }, load: { runTimeS: 60 } })
    const worker = await run.worker()
    await worker.run()
    worker.kill()
    crash({ pid: 1, code: null, signal: 'SIGABRT', stderrTail: 'FATAL ERROR: JavaScript heap out of memory\n' })
    expect(await run.ended).toBe(EXIT.notCarriedOut)
    expect(run.logged.join('\n')).toContain(
      'error a worker process ended: SIGABRT; its last words:\nFATAL ERROR: JavaScript heap out of memory',
    )
  })

  test('by its own will counts as lost too', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 1.3 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    await two.report({ measured: statsData({ answered: 1 }) })
    const left = two.drain()
    await one.report({ measured: statsData({ answered: 2 }) })
    await instant(startAtMs + 1300)
    await Promise.all([one.drain(), left])
    await run.ended
    expect(run.report.workers[1]?.lost).toMatchObject({ loadShare: 0.5, how: 'left the run by itself' })
  })

  test('by a report that is none is lost for breaking the rules', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 0.3 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    await expect(two.report({ seq: 5000, measured: statsData({ answered: 1 }) })).rejects.toThrow(
      /closed \(1008 a delta that cannot be added up: number 5000 after number 0/,
    )
    await instant(startAtMs + 300)
    await one.report({ measured: statsData({ answered: 1 }) })
    await one.drain()
    await run.ended
    expect(run.report.workers[1]?.lost?.how).toMatch(/^sent what it must not: a delta that cannot be added up/)
  })
})

describe.concurrent('reports of a worker', () => {
  test('that come twice count once', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 0.3 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await worker.report({ seq: 1, measured: statsData({ answered: 2 }) })
    await worker.report({ seq: 1, measured: statsData({ answered: 2 }) })
    await worker.report({ seq: 2, measured: statsData({ answered: 1 }) })
    await instant(startAtMs + 300)
    await worker.drain()
    await run.ended
    expect(run.report).toMatchObject({
      verdict: 'VALID',
      requests: { sent: 3 },
      workers: [{ deltas: 2, missingDeltas: 0 }],
    })
  })

  test('that are missing make the run INVALID', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 0.3 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await worker.report({ seq: 1, measured: statsData({ answered: 2 }) })
    await worker.report({ seq: 4, measured: statsData({ answered: 1 }) })
    await instant(startAtMs + 300)
    await worker.drain({ lastSeq: 5 })
    await run.ended
    expect(run.report).toMatchObject({
      verdict: 'INVALID',
      requests: { sent: 3 },
      reasons: [{ code: 'delta_gap', worker: 'host-1', observed: 3 }],
    })
  })
})
