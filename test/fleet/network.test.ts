import { describe, expect } from 'vitest'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { hasNetem } from './support/namespaces.js'
import { scenario } from './support/scenario.js'

const BAD = { latencyMs: 50, jitterMs: 20, lossPercent: 2 }

describe('a network with 50 ms ± 20 ms and 2 % loss', () => {
  // Where the kernel cannot do it, a relay on each worker's host delays what it sends and gets.
  scenario(
    'between workers and the rest: all arrivals are sent once, and clocks say how wrong they may be',
    async () => {
      const network = { ...BAD, by: hasNetem() ? 'netem' : 'relay' } as const
      const run = await fleet({ workers: 3, load: '--qps 40 -u 120 -r 60 -t 6s', network })
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      expectAllAnswered(outcome)
      for (const { clock } of outcome.report.workers) {
        expect(clock?.errorMs).toBeGreaterThan(BAD.latencyMs - BAD.jitterMs)
        expect(clock?.errorMs).toBeLessThan(BAD.latencyMs + BAD.jitterMs)
      }
      expect(outcome.code).toBe(0)
    },
  )
})
