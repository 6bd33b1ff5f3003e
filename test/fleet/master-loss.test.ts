import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { expectNoneForgotten, LOAD, SOME } from './support/losses.js'
import { scenario } from './support/scenario.js'

/** The lease of 4 s, and half a second for a busy machine. */
const LEASE_OVER_MS = 4500

describe('a master that is lost', () => {
  scenario('killed: load stops within the lease, and workers end with exit code 3 within the grace time', async () => {
    const run = await fleet({ workers: 3, load: `${LOAD} -t 60s --worker-grace 6s` })
    await run.generations(SOME)
    run.master.signal('SIGKILL')
    const killedMs = Date.now()
    const codes = await Promise.all(run.workers.map(async ({ process }) => (await process.ended).code))
    expect(Date.now() - killedMs).toBeLessThan(20_000)
    expect(codes).toEqual([3, 3, 3])
    const truth = await run.truth()
    const lastMs = truth.at(-1)?.receivedMs ?? 0
    expect(lastMs - killedMs).toBeLessThan(LEASE_OVER_MS)
  })

  scenario(
    'started again: its new run is not disturbed by the workers of the old one',
    async () => {
      const run = await fleet({ workers: 2, load: `${LOAD} -t 5s` })
      await run.generations(SOME)
      run.master.signal('SIGKILL')
      await run.master.ended
      const old = [...run.workers]
      await run.startMaster({ seed: 6 })
      const codes = await Promise.all(old.map(async ({ process }) => (await process.ended).code))
      expect(codes).toEqual([3, 3])
      for (let i = 0; i < 2; i++) await run.join()
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome, run.workers.slice(2))
      expectAllAnswered(outcome)
      expect(outcome.report.workers).toHaveLength(2)
    },
    { from: 'full' },
  )

  scenario(
    'standing still for 8 s: load stops meanwhile, goes on afterwards, and nothing is forgotten',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 20s` })
      await run.generations(SOME)
      run.master.signal('SIGSTOP')
      const stoppedMs = Date.now()
      await delay(8000)
      const continuedMs = Date.now()
      run.master.signal('SIGCONT')
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      const during = outcome.sent.filter(
        ({ receivedMs }) => receivedMs > stoppedMs + LEASE_OVER_MS && receivedMs < continuedMs,
      )
      expect(during).toEqual([])
      const after = outcome.sent.filter(({ receivedMs }) => receivedMs > continuedMs + 2000)
      expect(after.length).toBeGreaterThan(SOME)
      expectNoneForgotten(outcome)
    },
    { from: 'full' },
  )
})
