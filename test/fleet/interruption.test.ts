import { describe, expect } from 'vitest'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { scenario } from './support/scenario.js'

const LOAD = '--qps 40 -u 200 -r 200'

describe('Ctrl-C in the middle of a run', () => {
  scenario(
    'once: what is in flight is drained on all hosts',
    async () => {
      const run = await fleet({ workers: 3, load: LOAD, sim: '--ttft-ms 500' })
      await run.generations(60)
      run.master.signal('SIGINT')
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      const { sent, succeeded, unsent } = outcome.report.requests
      expect(succeeded).toBe(sent)
      // Each worker may have had an arrival due at that very moment.
      expect(unsent).toBeLessThanOrEqual(run.workers.length)
      expect(outcome.report.window.endedBy).toBe('interrupted')
      expect(outcome.code).toBe(0)
      for (const { process } of run.workers) expect((await process.ended).code).toBe(0)
    },
    { from: 'full' },
  )

  scenario('twice: what is in flight is cut off on all hosts, and counted', async () => {
    const run = await fleet({ workers: 3, load: LOAD, sim: '--ttft-ms 1000 --itl-ms 50' })
    await run.generations(60)
    run.master.signal('SIGINT')
    await run.master.says(/interrupt again/)
    const againMs = Date.now()
    run.master.signal('SIGINT')
    const outcome = await run.outcome()
    expect(Date.now() - againMs).toBeLessThan(5000)
    expectSound(outcome)
    expectExact(outcome)
    const { sent, succeeded, censored } = outcome.report.requests
    expect(censored).toBeGreaterThan(10)
    expect(sent).toBe(succeeded + censored)
  })

  scenario(
    'at one worker: it leaves in order, with all that it sent',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 6s`, sim: '--ttft-ms 300' })
      await run.generations(60)
      const leaver = run.worker(1)
      leaver.process.signal('SIGINT')
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      expect((await leaver.process.ended).code).toBe(0)
      // It goes on until the others have its share.
      expectAllAnswered(outcome)
      expect(outcome.code).toBe(0)
    },
    { from: 'full' },
  )
})
