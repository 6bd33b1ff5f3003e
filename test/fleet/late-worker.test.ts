import { describe, expect } from 'vitest'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { LOAD, SOME } from './support/losses.js'
import { scenario } from './support/scenario.js'

describe('a worker that comes late', () => {
  scenario('takes its share, and no arrival is lost or sent twice', async () => {
    const run = await fleet({ workers: 2, load: `${LOAD} -t 10s` })
    await run.generations(SOME)
    const late = await run.join()
    const outcome = await run.outcome()
    expectSound(outcome)
    expectExact(outcome)
    expectAllAnswered(outcome)
    expect(outcome.accountOf(late).sent.length).toBeGreaterThan(10)
    expect(outcome.code).toBe(0)
  })
})
