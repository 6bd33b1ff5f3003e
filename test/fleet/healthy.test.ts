import { describe, expect } from 'vitest'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { scenario } from './support/scenario.js'

const RATE = 40
const LOAD = `--qps ${RATE} -u 80 -r 40 -t 3s`
/** Half of the users start at once, the others a second later: then the window opens. */
const RAMP_REQUESTS = RATE
const REQUESTS = 3 * RATE

/** What fifty processes do at the start of a load takes two cores most of a second: those are judged from the window on. */
const MOST_ON_TWO_CORES = 7

const FLEETS = [
  { workers: 1, from: 'full' },
  { workers: 2, from: 'full' },
  { workers: 7, from: 'short' },
  { workers: 50, from: 'long', limitS: 240 },
] as const

describe('a fleet on which nothing goes wrong', () => {
  for (const { workers, ...limits } of FLEETS) {
    scenario(
      `${workers} workers send the arrivals of the schedule, each once and in time`,
      async () => {
        const run = await fleet({ workers, load: LOAD })
        const outcome = await run.outcome()
        expectSound(outcome)
        expectExact(outcome)
        expectAllAnswered(outcome)
        // The same requests, whatever the number of workers: contents follow from the index.
        const indices = outcome.sent.flatMap(({ index }) => index ?? []).toSorted((a, b) => a - b)
        expect(indices).toEqual(Array.from({ length: RAMP_REQUESTS + REQUESTS }, (_, index) => index))
        const shares = outcome.accounts.map(({ reported }) => reported?.sent ?? 0)
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
        const lags = outcome.lagsMs(workers > MOST_ON_TWO_CORES ? outcome.inWindow : outcome.sent)
        expect(lags[0], 'nobody is early').toBeGreaterThan(-5)
        expect(lags[Math.floor(0.9 * lags.length)], 'nine of ten are in time').toBeLessThan(50)
        expect(outcome.code).toBe(0)
        for (const { process } of run.workers) expect((await process.ended).code).toBe(0)
      },
      limits,
    )
  }

  scenario(
    '3 workers that talk to their master by TLS do the same',
    async () => {
      const run = await fleet({ workers: 3, load: LOAD, tls: true })
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      expectAllAnswered(outcome)
    },
    { from: 'full' },
  )
})
