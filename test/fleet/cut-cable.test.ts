import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { expectAccounted, expectExact, expectSound, expectTruthful } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import {
  expectGap,
  expectNoneForgotten,
  LOAD,
  lostPids,
  SILENCE_NOTICED_MS,
  SOME,
  TAKEN_OVER_MS,
  UNREPORTED,
} from './support/losses.js'
import { scenario } from './support/scenario.js'

describe('a worker whose cable is cut', () => {
  scenario('for 2 s: nothing is lost', async () => {
    const run = await fleet({ workers: 3, load: `${LOAD} -t 10s` })
    await run.generations(SOME)
    run.worker(1).host.cut()
    await delay(2000)
    run.worker(1).host.plugIn()
    const outcome = await run.outcome()
    expectSound(outcome)
    expectExact(outcome, run.others(run.worker(1)))
    expectAccounted(outcome, run.worker(1))
    expectNoneForgotten(outcome)
    expect(lostPids(outcome)).toEqual([])
  })

  scenario(
    'for 8 s: the others take over, it comes back, and every request is counted once',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 26s` })
      await run.generations(SOME)
      const cutMs = Date.now()
      run.worker(1).host.cut()
      await delay(8000)
      run.worker(1).host.plugIn()
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome, run.others(run.worker(1)))
      expectAccounted(outcome, run.worker(1))
      expectNoneForgotten(outcome)
      expectGap(outcome, cutMs, cutMs + SILENCE_NOTICED_MS + TAKEN_OVER_MS)
      expect(lostPids(outcome)).toEqual([])
    },
    { from: 'full' },
  )

  scenario(
    'beyond the grace time: it is lost, and ends when it is back',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 24s --worker-grace 4s` })
      await run.generations(SOME)
      const cut = run.worker(1)
      cut.host.cut()
      await delay(14_000)
      cut.host.plugIn()
      const { code } = await cut.process.ended
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome, run.others(cut))
      expectTruthful(outcome, cut, UNREPORTED)
      expect(lostPids(outcome)).toEqual([cut.process.pid])
      expect(code).toBe(3)
    },
    { from: 'full' },
  )
})
