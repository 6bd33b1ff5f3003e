import { describe, expect } from 'vitest'
import { expectExact, expectSound, expectTruthful } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { expectGap, LOAD, lostPids, SOME, TAKEN_OVER_MS, UNREPORTED } from './support/losses.js'
import { scenario } from './support/scenario.js'

describe('a worker that is lost', () => {
  scenario('killed: the others take its arrivals over, and what it reported stays counted', async () => {
    const run = await fleet({ workers: 3, load: `${LOAD} -t 14s --worker-grace 5s` })
    await run.generations(SOME)
    const killed = run.worker(1)
    const killedMs = Date.now()
    killed.process.signal('SIGKILL')
    const outcome = await run.outcome()
    expectSound(outcome)
    expectExact(outcome, run.others(killed))
    expectTruthful(outcome, killed, UNREPORTED)
    expectGap(outcome, killedMs, killedMs + TAKEN_OVER_MS)
    const { reported } = outcome.accountOf(killed)
    expect(reported?.lost?.loadShare).toBeCloseTo(1 / 3, 2)
    expect((reported?.lost?.atS ?? 0) * 1000).toBeGreaterThan(killedMs - outcome.startMs - 500)
    expect((reported?.lost?.atS ?? 0) * 1000).toBeLessThan(killedMs - outcome.startMs + 3000)
    expect(outcome.report.verdict).toBe('INVALID')
    expect(outcome.code).toBe(0)
  })

  scenario(
    'killed, with --fail-on-worker-loss: the run ends with a report and exit code 3',
    async () => {
      const run = await fleet({ workers: 3, load: `${LOAD} -t 60s --fail-on-worker-loss --worker-grace 5s` })
      await run.generations(SOME)
      run.worker(1).process.signal('SIGKILL')
      const killedMs = Date.now()
      const outcome = await run.outcome()
      expect(Date.now() - killedMs).toBeLessThan(15_000)
      expectSound(outcome)
      expectExact(outcome, run.others(run.worker(1)))
      expect(outcome.code).toBe(3)
    },
    { from: 'full' },
  )

  scenario('all of them: the run ends within the grace time, with a report and exit code 3', async () => {
    const run = await fleet({ workers: 2, load: `${LOAD} -t 60s --worker-grace 4s` })
    await run.generations(SOME)
    const killedMs = Date.now()
    for (const { process } of run.workers) process.signal('SIGKILL')
    const outcome = await run.outcome()
    expect(Date.now() - killedMs).toBeLessThan(15_000)
    expectSound(outcome)
    // Two share the load of three.
    for (const worker of run.workers) expectTruthful(outcome, worker, 1.5 * UNREPORTED)
    expect(outcome.report.window.endedBy).toBe('workers-lost')
    expect(lostPids(outcome)).toHaveLength(2)
    expect(outcome.code).toBe(3)
  })

  scenario(
    'killed, with --max-requests: the others send what it had left',
    async () => {
      const run = await fleet({ workers: 3, load: '--qps 30 -u 90 -r 90 --max-requests 200 --worker-grace 3s' })
      await run.generations(SOME)
      const killed = run.worker(1)
      killed.process.signal('SIGKILL')
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome, run.others(killed))
      expectTruthful(outcome, killed, UNREPORTED)
      expect(outcome.report.requests.sent).toBe(200)
      expect(outcome.report.window.endedBy).toBe('max-requests')
    },
    { from: 'full' },
  )

  scenario(
    'killed, in a closed loop: the others take its users over',
    async () => {
      const run = await fleet({ workers: 3, load: '-u 30 -r 30 -t 14s --worker-grace 5s', sim: '--ttft-ms 300' })
      await run.generations(SOME)
      const killed = run.worker(1)
      killed.process.signal('SIGKILL')
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome, run.others(killed))
      const { sent, startMs } = outcome
      const inFlightAt = (atMs: number) =>
        sent.filter(({ receivedMs, endMs }) => receivedMs - startMs < atMs && endMs - startMs > atMs).length
      // Between two requests of a user there is a moment.
      expect(inFlightAt(13_000)).toBeGreaterThanOrEqual(26)
      expect(inFlightAt(13_000)).toBeLessThanOrEqual(30)
    },
    { from: 'full' },
  )
})
