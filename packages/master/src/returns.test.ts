import type { Delta, MasterMessage } from '@llmload/core'
import { describe, expect } from 'vitest'
import { test } from '../test/master-run.js'
import { HEALTHY, instant, statsData, clock as wireClock } from '../test/wire-worker.js'

const GRACE = { fleet: { workerGraceS: 30 } }
const GRACE_FOR_TWO = { fleet: { expectWorkers: 2, workerGraceS: 30 } }

function delta(seq: number, answered: number): Delta {
  const nothing = { ramp: null, stages: [], users: 1, inFlight: 0, health: HEALTHY }
  return { type: 'delta', seq, untilMs: wireClock.nowMs(), measured: statsData({ answered }), ...nothing }
}

const types = (messages: readonly MasterMessage[]): string[] => messages.map(({ type }) => type)

describe.concurrent('a worker whose connection breaks', () => {
  test('comes back, says again what was not confirmed, and is counted once and not lost', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 1 }, ...GRACE })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    worker.sendNumbered(delta(1, 2), 1)
    expect(await worker.next('ack')).toMatchObject({ seq: 1, heard: 1 })
    worker.sendNumbered(delta(2, 3), 2)
    await worker.next('ack')
    worker.kill()
    const back = await worker.comeBack(await run.address)
    expect(await back.next('resumed')).toMatchObject({ heard: 2 })
    back.sendNumbered(delta(1, 2), 1)
    back.sendNumbered(delta(2, 3), 2)
    back.sendNumbered(delta(3, 4), 3)
    expect(await back.next('ack')).toMatchObject({ seq: 3, heard: 3 })
    await instant(startAtMs + 1000)
    await back.drain({ lastSeq: 3 })
    await run.ended
    expect(run.report).toMatchObject({
      requests: { sent: 9 },
      workers: [{ id: 'host-1', sent: 9, deltas: 3, missingDeltas: 0, lost: null }],
    })
    expect(run.report.workers[0]?.away).toMatchObject([{ how: 'lost its connection', untilS: expect.any(Number) }])
    expect(run.report.notes.join()).toMatch(/worker 'host-1' could not be reached for \d\.\d s, \d\.\d s into the run/)
  })

  test('hears what was said while it was away, before the master’s time', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 }, ...GRACE })
    const worker = await run.worker()
    await worker.run()
    worker.kill()
    await run.says("Worker 'host-1' is away")
    run.interrupt()
    await run.says('interrupted:')
    const back = await worker.comeBack(await run.address)
    await back.next('heartbeat')
    expect(types(back.received)).toEqual(['resumed', 'stop'])
    await back.drain()
    await run.ended
    expect(run.report.workers[0]?.lost).toBeNull()
  })

  test('replaces a connection of which the master does not know yet that it is dead', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 0.5 }, ...GRACE })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    const back = await worker.comeBack(await run.address)
    await back.next('resumed')
    await worker.closed
    await back.report({ measured: statsData({ answered: 1 }) })
    await instant(startAtMs + 500)
    await back.drain()
    await run.ended
    expect(run.report).toMatchObject({ requests: { sent: 1 }, workers: [{ lost: null }] })
  })

  test('is lost if it does not come back in time', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 }, fleet: { workerGraceS: 0.5 } })
    const worker = await run.worker()
    await worker.run()
    await worker.report({ measured: statsData({ answered: 1 }) })
    worker.kill()
    await run.ended
    expect(run.report.workers[0]?.lost?.how).toBe('lost its connection, and did not come back')
    expect(run.report).toMatchObject({ requests: { sent: 1 }, window: { endedBy: 'workers-lost' } })
  })

  test('may break the rules twice, as a network that garbles does, and not a third time', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 }, ...GRACE })
    let worker = await run.worker()
    await worker.run()
    for (let fault = 0; fault < 2; fault++) {
      worker.socket.send('garbage')
      await worker.closed
      worker = await worker.comeBack(await run.address)
      await worker.next('resumed')
    }
    worker.socket.send('garbage')
    await worker.closed
    await run.ended
    expect(run.report.workers[0]?.lost?.how).toBe('sent what it must not: no JSON object')
  })
})

describe.concurrent('nobody comes back', () => {
  test.for([
    { as: { key: 'x'.repeat(32) }, why: 'it is not known here' },
    { as: { workerId: 'host-2' }, why: 'it is not known here' },
    { as: { runId: 'another' }, why: 'this is another run: the master was started again' },
  ])('with $as', async ({ as, why }, { begin }) => {
    const run = begin({ load: { runTimeS: 0.2 }, ...GRACE })
    const worker = await run.worker()
    await worker.run()
    const impostor = await worker.comeBack(await run.address, as)
    expect(await impostor.next('refused')).toMatchObject({ message: why })
    await worker.report({ measured: statsData({ answered: 1 }) }) // which is still connected
    await worker.drain()
    await run.ended
    expect(run.report.workers[0]?.away).toEqual([])
  })

  test('after it was given up', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 2 }, fleet: { expectWorkers: 2, workerGraceS: 0.1 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    two.kill()
    await run.says("Worker 'host-2' is lost")
    const late = await two.comeBack(await run.address)
    expect((await late.next('refused')).message).toMatch(/^it was given up: it lost its connection/)
    await instant(startAtMs + 2000)
    await one.drain()
    await run.ended
  })
})

describe.concurrent('the share of a worker', () => {
  test('that is away is taken over, not before its lease is over, and it gets one again when it is back', {
    timeout: 20_000,
  }, async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 60 }, ...GRACE_FOR_TWO })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    two.kill()
    const lostMs = wireClock.nowMs()
    const { assignment } = await one.next('assign')
    expect(assignment).toMatchObject({ epoch: 1, share: { index: 0, count: 1 } })
    expect(startAtMs + assignment.fromMs - lostMs).toBeGreaterThan(4000)
    expect(startAtMs + assignment.fromMs - lostMs).toBeLessThan(6500)
    const back = await two.comeBack(await run.address)
    expect((await back.next('assign')).assignment).toEqual({ ...assignment, share: null })
    const [again, returned] = await Promise.all([one.next('assign'), back.next('assign')])
    expect(again.assignment).toMatchObject({ epoch: 2, share: { index: 0, count: 2 } })
    expect(returned.assignment).toMatchObject({ epoch: 2, share: { index: 1, count: 2 } })
    expect(returned.assignment.fromMs).toBe(again.assignment.fromMs)
    expect(again.assignment.fromMs).toBeGreaterThan(assignment.fromMs)
    run.interrupt()
    await Promise.all([one.next('stop'), back.next('stop')])
    await Promise.all([one.drain(), back.drain()])
    await run.ended
    expect(run.logged.join('\n')).toMatch(
      /Worker 'host-2' was lost 0\.\d s into the run with 1\/2 of the load; the others take it over from \d\.\d s on/,
    )
    expect(run.report.workers[1]).toMatchObject({ lost: null, shares: [{ fromS: 0, loadShare: 0.5 }] }) // nothing changed before Ctrl-C
  })

  test('that was away for a moment only stays its own', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 2 }, ...GRACE_FOR_TWO })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    two.kill()
    const back = await two.comeBack(await run.address)
    await instant(startAtMs + 2000)
    expect(types([...one.received, ...back.received])).not.toContain('assign')
    await Promise.all([one.drain(), back.drain()])
    await run.ended
  })

  test('ends the run where nobody shall take it over', async ({ pair }) => {
    const { run, one, two } = await pair({
      load: { runTimeS: 60 },
      fleet: { expectWorkers: 2, failOnWorkerLoss: true },
    })
    await Promise.all([one.run(), two.run()])
    two.kill()
    await one.next('stop')
    await one.report({ measured: statsData({ answered: 1 }) })
    await one.drain()
    expect(await run.ended).toBe(3)
    expect(run.report.window).toMatchObject({
      endedBy: 'worker-lost',
      endReason: 'worker host-2 is lost, and --fail-on-worker-loss was asked for',
    })
  })

  test('is handed over by one that was told to leave, and nothing is lost', { timeout: 20_000 }, async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: 60 }, ...GRACE_FOR_TWO })
    await Promise.all([one.run(), two.run()])
    two.send({ type: 'leaving' })
    expect((await one.next('assign')).assignment.share).toEqual({ index: 0, count: 1 })
    expect((await two.next('assign')).assignment.share).toBeNull()
    await two.report({ measured: statsData({ answered: 2 }) })
    two.send({ type: 'drained', lastSeq: 1, lastSentMs: null, endedMs: wireClock.nowMs() })
    await two.next('heard')
    run.interrupt()
    await one.next('stop')
    await one.report({ measured: statsData({ answered: 2 }) })
    await one.drain()
    expect(await run.ended).toBe(0)
    expect(run.report.workers[1]).toMatchObject({ lost: null, leftAtS: expect.any(Number) })
    expect(run.report.reasons).toEqual([])
  })

  test('comes with the next deal to a worker that joins late', { timeout: 20_000 }, async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 }, ...GRACE })
    const first = await run.worker(1)
    const startAtMs = await first.run()
    const late = await run.worker(2)
    expect(await late.getReady()).toMatchObject({ share: { index: 1, count: 2 } })
    expect(await late.next('start')).toMatchObject({ startAtMs, assignments: [], levels: [] })
    late.send({ type: 'started', lateByMs: 0 })
    const [own, others] = await Promise.all([late.next('assign'), first.next('assign')])
    expect(own.assignment).toEqual({ ...others.assignment, share: { index: 1, count: 2 } })
    run.interrupt()
    await Promise.all([first.next('stop'), late.next('stop')])
    await first.report({ measured: statsData({ answered: 2 }) })
    await Promise.all([first.drain(), late.drain()])
    await run.ended
    expect(run.report.workers.map(({ joinedAtS }) => joinedAtS === null)).toEqual([true, false])
  })
})

describe.concurrent('--max-requests', () => {
  test('what a lost worker did not send is for the others, and the total stays exact', async ({ pair }) => {
    const { run, one, two } = await pair({ load: { runTimeS: null, maxRequests: 11 } })
    const [startAtMs] = await Promise.all([one.run(), two.run()])
    await two.report({ measured: statsData({ answered: 2 }) })
    two.kill()
    expect(await one.next('grant')).toMatchObject({ requests: 3 }) // 5 of 11 were its part
    await one.report({ measured: statsData({ answered: 9 }) })
    await one.next('stop')
    await one.drain({ endedMs: startAtMs + 500 })
    await run.ended
    expect(run.report).toMatchObject({ requests: { sent: 11 }, window: { endedBy: 'max-requests' } })
  })
})

describe.concurrent('--abort-on-fail-ratio', () => {
  test('ends the run with a report, exit code 1 and the reason', async ({ begin }) => {
    const run = begin({ load: { runTimeS: 60 }, output: { abortOnFailRatio: 0.1, maxFailRatio: 1 } })
    const worker = await run.worker()
    await worker.run()
    await worker.report({ measured: statsData({ answered: 10, failed: 10 }) })
    await worker.next('stop')
    await worker.drain()
    expect(await run.ended).toBe(1)
    const reason = '10 of 20 requests failed in the last 10 s (50.0 %), more than --abort-on-fail-ratio allows'
    expect(run.report.window).toMatchObject({ endedBy: 'aborted', endReason: reason })
    expect(run.logged).toContain(`error Test aborted: ${reason}`)
    expect(run.report.notes[0]).toContain(reason)
  })
})
