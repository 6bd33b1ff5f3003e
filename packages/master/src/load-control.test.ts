import { describe, expect } from 'vitest'
import { test } from '../test/master-run.js'
import { instant, statsData } from '../test/wire-worker.js'
import type { LoadControl } from './load-control.js'

describe.concurrent('a load that goes on', () => {
  test('is changed for all workers from the same instant on, and the report says so', async ({ pair }) => {
    const controls: LoadControl[] = []
    const { run, one, two } = await pair({
      load: { runTimeS: 60, qps: 10 },
      onControl: (control) => controls.push(control),
    })
    await Promise.all([one.run(), two.run()])
    const [control = expect.fail('there is no control')] = controls
    await run.says('All users spawned')
    expect(control.level).toEqual({ qps: 10, users: 4 })
    const change = control.changeLevel({ qps: 25 })
    expect(change).toEqual({ fromMs: expect.any(Number), qps: 25, users: 4 })
    expect(control.level).toEqual({ qps: 25, users: 4 })
    for (const worker of [one, two]) expect((await worker.next('level')).change).toEqual(change)
    control.stop({ now: false, reason: 'enough' })
    for (const worker of [one, two]) {
      expect(await worker.next('stop')).toMatchObject({ now: false })
      await worker.report({ measured: statsData({ answered: 1 }) })
    }
    await Promise.all([one.drain(), two.drain()])
    expect(await run.ended).toBe(0)
    expect(run.report.window).toMatchObject({ endedBy: 'stopped', endReason: 'enough' })
    expect(run.report.changes).toEqual([{ atS: change.fromMs / 1000, qps: 25, users: 4 }])
    expect(run.logged.join('\n')).toMatch(/The load changes to 4 users and 25 requests\/s, 4\.\d s into the run/)
  })

  test('with fewer users than workers is dealt to so many', { timeout: 20_000 }, async ({ pair }) => {
    const controls: LoadControl[] = []
    const { run, one, two } = await pair({ load: { runTimeS: 60 }, onControl: (control) => controls.push(control) })
    await Promise.all([one.run(), two.run()])
    await run.says('All users spawned')
    controls[0]?.changeLevel({ users: 1 })
    expect((await one.next('assign')).assignment.share).toEqual({ index: 0, count: 1 })
    expect((await two.next('assign')).assignment.share).toBeNull()
    run.interrupt()
    run.interruptAgain()
    await Promise.all([one.drain(), two.drain()])
    await run.ended
  })

  test('is told to a worker that joins later, with its start', async ({ begin }) => {
    const controls: LoadControl[] = []
    const run = begin({ load: { runTimeS: 60 }, onControl: (control) => controls.push(control) })
    const first = await run.worker(1)
    await first.run()
    await run.says('All users spawned')
    const change = controls[0]?.changeLevel({ users: 8 })
    const late = await run.worker(2)
    await late.getReady()
    expect((await late.next('start')).levels).toEqual([change])
    run.interrupt()
    await first.drain()
    await run.ended
  })

  test.for([
    { level: { qps: 0 }, problem: 'a rate is above 0 and at most 1000000, not 0' },
    { level: { qps: null }, problem: 'a rate can be changed only in a run that has one, and then it needs one' },
    { level: { users: 0 }, problem: 'users are a whole number from 1 to 1000000, not 0' },
    { level: { users: 1.5 }, problem: 'users are a whole number from 1 to 1000000, not 1.5' },
  ])('is not changed to $level, and why is said', async ({ level, problem }, { begin }) => {
    const controls: LoadControl[] = []
    const run = begin({ load: { runTimeS: 0.5 }, onControl: (control) => controls.push(control) })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await run.says('All users spawned')
    expect(() => controls[0]?.changeLevel(level)).toThrow(`the load cannot be changed: ${problem}`)
    await instant(startAtMs + 500)
    await worker.drain()
    await run.ended
    expect(() => controls[0]?.changeLevel({ users: 5 })).toThrow('no requests are being sent now')
    expect(run.report.changes).toEqual([])
  })
})

test.concurrent('a run that is stopped at once does not wait for what is in flight', async ({ begin }) => {
  const controls: LoadControl[] = []
  const run = begin({ load: { runTimeS: 60 }, onControl: (control) => controls.push(control) })
  const worker = await run.worker()
  await worker.run()
  await run.says('All users spawned')
  controls[0]?.stop({ now: true, reason: 'POST /api/stop' })
  expect(await worker.next('stop')).toMatchObject({ now: false })
  expect(await worker.next('stop')).toMatchObject({ now: true })
  await worker.report({ measured: statsData({ censored: 1 }) })
  await worker.drain()
  await run.ended
  expect(run.report.window.endedBy).toBe('stopped')
})
