import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { expectExact, expectSound, expectTruthful } from './support/expectations.js'
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

describe('a worker that stands still', () => {
  scenario('for 3 s: nothing is lost, and nobody else sends its arrivals', async () => {
    const run = await fleet({ workers: 3, load: `${LOAD} -t 9s` })
    await run.generations(SOME)
    run.worker(1).process.signal('SIGSTOP')
    await delay(3000)
    run.worker(1).process.signal('SIGCONT')
    const outcome = await run.outcome()
    expectSound(outcome)
    expectExact(outcome)
    expectNoneForgotten(outcome)
    expect(lostPids(outcome)).toEqual([])
    expect(outcome.code).toBe(0)
  })

  scenario(
    'for 12 s: the others take over, it comes back, and every request is counted once',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 22s` })
      await run.generations(SOME)
      const stoppedMs = Date.now()
      run.worker(1).process.signal('SIGSTOP')
      await delay(12_000)
      const continuedMs = Date.now()
      run.worker(1).process.signal('SIGCONT')
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      expectNoneForgotten(outcome)
      expectGap(outcome, stoppedMs, stoppedMs + SILENCE_NOTICED_MS + TAKEN_OVER_MS)
      const after = outcome.sent.filter(
        ({ peer, receivedMs }) => peer === run.worker(1).host.address && receivedMs > continuedMs + 1000,
      )
      expect(after.length, 'requests after its return').toBeGreaterThan(0)
      expect(lostPids(outcome)).toEqual([])
    },
    { from: 'full' },
  )

  scenario(
    'beyond the grace time: it is lost, sends nothing afterwards, and ends with exit code 3',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 20s --worker-grace 4s` })
      await run.generations(SOME)
      const stopped = run.worker(1)
      stopped.process.signal('SIGSTOP')
      const stoppedMs = Date.now()
      await delay(12_000)
      stopped.process.signal('SIGCONT')
      const { code } = await stopped.process.ended
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome, run.others(stopped))
      expectTruthful(outcome, stopped, UNREPORTED)
      expect(
        outcome.sent.filter(({ peer, receivedMs }) => peer === stopped.host.address && receivedMs > stoppedMs + 500),
      ).toEqual([])
      expect(lostPids(outcome)).toEqual([stopped.process.pid])
      expect(code).toBe(3)
    },
    { from: 'full' },
  )

  scenario(
    'for 60 s: it is lost, and the run goes on without it',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 70s` })
      await run.generations(SOME)
      const stopped = run.worker(1)
      const stoppedMs = Date.now()
      stopped.process.signal('SIGSTOP')
      await delay(60_000)
      stopped.process.signal('SIGCONT')
      const { code } = await stopped.process.ended
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome, run.others(stopped))
      expectTruthful(outcome, stopped, UNREPORTED)
      expectGap(outcome, stoppedMs, stoppedMs + SILENCE_NOTICED_MS + TAKEN_OVER_MS)
      expect(lostPids(outcome)).toEqual([stopped.process.pid])
      expect(code).toBe(3)
    },
    { from: 'long', limitS: 240 },
  )
})
