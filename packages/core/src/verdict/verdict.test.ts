import { describe, expect, test } from 'vitest'
import type { WorkerHealth } from '../protocol/messages.js'
import type { RunFacts, WorkerFacts } from './facts.js'
import { type HealthTotals, NO_HEALTH, withSecond } from './health-totals.js'
import { LIMITS } from './limits.js'
import { judge } from './verdict.js'

const CALM: WorkerHealth = {
  ...{ elu: 0.2, stampDelayMs: 0, loopDelayP99Ms: 1, loopDelayMaxMs: 4, gcMs: 2, gcMaxMs: 1 },
  ...{ cpuCores: 0.2, throttledMs: 0, stealShare: 0.01, rssBytes: 1e8, memoryLimitBytes: 1e9 },
}

/** `n` seconds, the first `bad` of them as given. */
const seconds = (n: number, bad: number, how: Partial<WorkerHealth>): HealthTotals =>
  Array.from({ length: n }, (_, i) => (i < bad ? { ...CALM, ...how } : CALM)).reduce(withSecond, NO_HEALTH)

const WORKER: WorkerFacts = { id: 'w', lost: null, lateByMs: 2, missingDeltas: 0, health: seconds(100, 0, {}) }
const COUNTS = {
  ...{ sent: 1000, succeeded: 1000, failed: 0, censored: 0, late: 0, unsent: 0 },
  ...{ outputTokens: 0, inputTokens: 0 },
}
const HEALTHY: RunFacts = {
  counts: COUNTS,
  openLoop: true,
  lagP95Ms: 2,
  lagP75Ms: 1,
  clientErrors: 0,
  latencyP50Ms: 100,
  latencyP99Ms: 150,
  finestP50Ms: 20,
  workers: [WORKER],
}

interface Row {
  readonly story: string
  readonly run?: Partial<RunFacts>
  readonly worker?: Partial<WorkerFacts>
  /** `VERDICT code`, or nothing if all is well. */
  readonly outcome: string | null
}

const ROWS: Row[] = [
  { story: 'a healthy run', outcome: null },
  {
    story: 'a closed loop without any answer',
    run: { openLoop: false, lagP95Ms: null, lagP75Ms: null, latencyP50Ms: null, latencyP99Ms: null, finestP50Ms: null },
    outcome: null,
  },
  { story: 'a run shorter than a second, without health', worker: { health: NO_HEALTH }, outcome: null },

  {
    story: 'a worker lost',
    worker: { lost: { atS: 12, loadShare: 0.5, how: 'was killed', takenOverAtS: null, missingShare: 0.5 } },
    outcome: 'INVALID worker_lost',
  },
  {
    story: 'a worker lost whose share was taken over soon, in a long run',
    worker: { lost: { atS: 12, loadShare: 0.5, how: 'was killed', takenOverAtS: 17, missingShare: 0.01 } },
    outcome: 'SUSPECT worker_lost',
  },
  {
    story: 'a worker lost whose share was taken over soon, in a short run',
    worker: { lost: { atS: 12, loadShare: 0.5, how: 'was killed', takenOverAtS: 17, missingShare: 0.04 } },
    outcome: 'INVALID worker_lost',
  },
  { story: 'a start 100 ms late', worker: { lateByMs: 100 }, outcome: null },
  { story: 'a start 101 ms late', worker: { lateByMs: 101 }, outcome: 'INVALID late_start' },
  { story: 'a report missing', worker: { missingDeltas: 1 }, outcome: 'INVALID delta_gap' },

  { story: '5 of 1000 arrivals unsent', run: { counts: { ...COUNTS, sent: 995, unsent: 5 } }, outcome: null },
  {
    story: '6 of 1000 arrivals unsent',
    run: { counts: { ...COUNTS, sent: 994, unsent: 6 } },
    outcome: 'SUSPECT load_missed',
  },
  {
    story: '11 of 1000 arrivals unsent',
    run: { counts: { ...COUNTS, sent: 989, unsent: 11 } },
    outcome: 'INVALID load_missed',
  },
  { story: '10 of 1000 arrivals late', run: { counts: { ...COUNTS, late: 10 } }, outcome: null },
  { story: 'all arrivals late', run: { counts: { ...COUNTS, late: 1000 } }, outcome: 'SUSPECT late_arrivals' },
  { story: '1 of 1000 requests cut off', run: { counts: { ...COUNTS, censored: 1 } }, outcome: 'SUSPECT censored' },
  { story: '11 of 1000 requests cut off', run: { counts: { ...COUNTS, censored: 11 } }, outcome: 'INVALID censored' },

  { story: 'one arrival in twenty 31 ms late', run: { lagP95Ms: 31 }, outcome: 'SUSPECT schedule_lag' },
  { story: 'one arrival in twenty 30 ms late: a shared host', run: { lagP95Ms: 30 }, outcome: null },
  { story: 'one arrival in twenty 31 ms late, for 0.7 s', run: { lagP95Ms: 31, latencyP50Ms: 700 }, outcome: null },
  { story: 'one arrival in four 5 ms late for 10 ms: timers', run: { lagP75Ms: 5, latencyP50Ms: 10 }, outcome: null },
  {
    story: 'one arrival in four 21 ms late, for 100 ms',
    run: { lagP75Ms: 21 },
    outcome: 'INVALID schedule_lag_lasting',
  },
  { story: 'one arrival in four 20 ms late, for 100 ms', run: { lagP75Ms: 20 }, outcome: null },
  { story: 'a request without a file handle', run: { clientErrors: 1 }, outcome: 'SUSPECT client_errors' },
  { story: '11 of 1000 requests without one', run: { clientErrors: 11 }, outcome: 'INVALID client_errors' },

  {
    story: 'time stamps 3 ms late on average: a shared host',
    worker: { health: seconds(100, 100, { stampDelayMs: 3 }) },
    outcome: null,
  },
  {
    story: 'time stamps 3.1 ms late, for 20 ms',
    worker: { health: seconds(100, 100, { stampDelayMs: 3.1 }) },
    outcome: 'SUSPECT loop_delay',
  },
  {
    story: 'time stamps 3.1 ms late, for 100 ms',
    run: { finestP50Ms: 100 },
    worker: { health: seconds(100, 100, { stampDelayMs: 3.1 }) },
    outcome: null,
  },
  {
    story: 'time stamps 5.1 ms late, for 20 ms',
    worker: { health: seconds(100, 100, { stampDelayMs: 5.1 }) },
    outcome: 'INVALID loop_delay',
  },
  { story: 'one bad second of five', worker: { health: seconds(5, 1, { stampDelayMs: 99 }) }, outcome: null },
  {
    story: 'one time stamp in a hundred 7.6 ms late, where one latency in a hundred is 150 ms',
    worker: { health: seconds(100, 100, { loopDelayP99Ms: 7.6 }) },
    outcome: 'SUSPECT loop_delay_tail',
  },
  {
    story: 'one in a hundred 7.6 ms late, for 160 ms',
    run: { latencyP99Ms: 160 },
    worker: { health: seconds(100, 100, { loopDelayP99Ms: 7.6 }) },
    outcome: null,
  },
  {
    story: 'one in a hundred 4 ms late, for 20 ms: a shared host',
    run: { latencyP99Ms: 20 },
    worker: { health: seconds(100, 100, { loopDelayP99Ms: 4 }) },
    outcome: null,
  },
  {
    story: 'one in a hundred late in one second of five',
    worker: { health: seconds(5, 1, { loopDelayP99Ms: 99 }) },
    outcome: null,
  },
  {
    story: 'a busy event loop in 5 of 100 seconds',
    worker: { health: seconds(100, 5, { elu: 0.85, cpuCores: 0.9 }) },
    outcome: null,
  },
  {
    story: 'a busy event loop in 6 of 100 seconds',
    worker: { health: seconds(100, 6, { elu: 0.85, cpuCores: 0.9 }) },
    outcome: 'SUSPECT event_loop_busy',
  },
  {
    story: 'a saturated event loop in 11 of 100 seconds',
    worker: { health: seconds(100, 11, { elu: 0.95, cpuCores: 1 }) },
    outcome: 'INVALID event_loop_saturated',
  },
  {
    story: 'a saturated event loop in 1 of 5 seconds: a single one is forgiven',
    worker: { health: seconds(5, 1, { elu: 1, cpuCores: 1, loopDelayP99Ms: 150 }) },
    outcome: null,
  },
  {
    story: 'no CPU for 300 ms of ten seconds',
    worker: { health: seconds(10, 1, { loopDelayMaxMs: 300, loopDelayP99Ms: 300 }) },
    outcome: 'SUSPECT stalls',
  },
  {
    story: 'no CPU for 300 ms of ten minutes',
    worker: { health: seconds(600, 1, { loopDelayMaxMs: 300, loopDelayP99Ms: 300 }) },
    outcome: null,
  },
  {
    story: 'no CPU for up to 200 ms in every second',
    worker: { health: seconds(10, 10, { loopDelayMaxMs: 200 }) },
    outcome: null,
  },
  {
    story: 'stopped for a second of five',
    worker: { health: seconds(5, 1, { loopDelayMaxMs: 1000, loopDelayP99Ms: 1000 }) },
    outcome: 'SUSPECT stalls',
  },
  {
    story: 'stopped for three seconds of ten',
    worker: { health: seconds(10, 1, { loopDelayMaxMs: 3000, loopDelayP99Ms: 3000 }) },
    outcome: 'INVALID stalls',
  },
  {
    story: 'a CPU quota used up in 6 of 100 seconds',
    worker: { health: seconds(100, 6, { throttledMs: 51 }) },
    outcome: 'SUSPECT cpu_throttled',
  },
  {
    story: 'a CPU quota used up in 51 of 100 seconds',
    worker: { health: seconds(100, 51, { throttledMs: 400 }) },
    outcome: 'INVALID cpu_throttled',
  },
  {
    story: 'no CPU quota',
    worker: { health: seconds(100, 100, { throttledMs: null, stealShare: null }) },
    outcome: null,
  },
  {
    story: 'a hypervisor that has other guests',
    worker: { health: seconds(100, 6, { stealShare: 0.11 }) },
    outcome: 'SUSPECT cpu_steal',
  },
  {
    story: 'a tenth of the time in garbage collection',
    worker: { health: seconds(100, 100, { gcMs: 101 }) },
    outcome: 'SUSPECT garbage_collection',
  },
  { story: '81 % of its memory', worker: { health: seconds(9, 1, { rssBytes: 8.1e8 }) }, outcome: 'SUSPECT memory' },
  { story: '96 % of its memory', worker: { health: seconds(9, 1, { rssBytes: 9.6e8 }) }, outcome: 'INVALID memory' },
  {
    story: 'a core that somebody else has',
    worker: { health: seconds(100, 6, { elu: 0.7, cpuCores: 0.45 }) },
    outcome: 'SUSPECT cpu_stolen',
  },
]

test.each(ROWS)('$story: $outcome', ({ run, worker, outcome }) => {
  const { verdict, reasons } = judge({ ...HEALTHY, ...run, workers: [{ ...WORKER, ...worker }] })
  const [worst] = reasons
  expect(worst ? `${worst.verdict} ${worst.code}` : null).toBe(outcome)
  expect(verdict).toBe(outcome?.split(' ')[0] ?? 'VALID')
})

describe('a reason', () => {
  test('has the worker, what was seen, the limit and a remedy', () => {
    const lost = {
      ...{ atS: 12.34, loadShare: 1 / 3, how: 'closed the connection' },
      ...{ takenOverAtS: 17, missingShare: 0.02 },
    }
    expect(judge({ ...HEALTHY, workers: [WORKER, { ...WORKER, id: 'x', lost }] }).reasons).toEqual([
      {
        code: 'worker_lost',
        verdict: 'INVALID',
        worker: 'x',
        observed: 0.02,
        limit: 0.01,
        unit: 'share',
        message:
          'lost 12.3 s after the start (closed the connection); 33.3 % of the load was missing until 17.0 s, 2 % of the whole',
        hint: 'look at the log of the worker, then repeat the run',
      },
    ])
  })

  test('that makes a run INVALID comes before one that makes it SUSPECT', () => {
    const { verdict, reasons } = judge({
      ...HEALTHY,
      counts: { ...COUNTS, late: 500, censored: 100 },
      workers: [{ ...WORKER, health: seconds(100, 9, { elu: 0.85, cpuCores: 1 }), missingDeltas: 2 }],
    })
    expect(verdict).toBe('INVALID')
    expect(reasons.map(({ code }) => code)).toEqual(['delta_gap', 'censored', 'event_loop_busy', 'late_arrivals'])
  })
})

test('every limit says why it stands there and what can be done', () => {
  for (const [code, { why, hint, suspect, invalid }] of Object.entries(LIMITS)) {
    expect(why, code).toMatch(/\.$/)
    expect(hint, code).not.toBe('')
    expect(suspect ?? invalid, code).not.toBeNull()
  }
})
