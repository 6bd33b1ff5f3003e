import { describe, expect } from 'vitest'
import { expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { LOAD, SOME } from './support/losses.js'
import { scenario } from './support/scenario.js'

describe('a worker that comes late', () => {
  scenario('takes its share, and no arrival is lost or sent twice', async () => {
    const run = await fleet({ workers: 2, load: LOAD })
    await run.generations(SOME)
    const late = await run.join()
    await run.generations(SOME, late)
    run.master.signal('SIGINT')
    const outcome = await run.outcome()
    expectSound(outcome)
    expectExact(outcome)
    expect(outcome.missing).toEqual([])
    expect(outcome.report.requests).toMatchObject({ failed: 0, censored: 0 })
    expect(outcome.report.workers).toHaveLength(3)
    expect(outcome.code).toBe(0)
  })
})
