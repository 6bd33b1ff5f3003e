import { expect, test } from 'vitest'
import { fleetNotes } from './fleet-notes.js'
import type { ReportedWorker, RunReport } from './run-report.js'

const WORKER: ReportedWorker = {
  ...{
    id: 'b-42',
    host: 'b',
    pid: 42,
    joinedAtS: null,
    loadShare: 0.5,
    shares: [{ fromS: 0, loadShare: 1 / 3 }],
    away: [],
  },
  ...{ sent: 1, succeeded: 1, failed: 0, censored: 0, lateByMs: 2, clock: null, deltas: 1, missingDeltas: 0 },
  ...{ lost: null, leftAtS: null, tokenizer: null, warnings: [] },
  ...{ eluMean: null, eluMax: null, loopDelayP99MsMax: null, cpuCoresMean: null, rssBytesMax: null },
}

const notes = (worker: Partial<ReportedWorker>, changes: RunReport['changes'] = []): string[] =>
  fleetNotes({ workers: [{ ...WORKER, ...worker }], changes })

test('of workers to which nothing happened nothing is said', () => {
  expect(notes({})).toEqual([])
})

test.each<[string, Partial<ReportedWorker>]>([
  [
    "worker 'b-42' was lost 12.3 s into the run with 1/3 of the load; the others took it over from 17.0 s",
    { lost: { atS: 12.34, loadShare: 1 / 3, how: 'ended', takenOverAtS: 17, missingShare: 0.01 } },
  ],
  [
    "worker 'b-42' was lost 12.3 s into the run with 34.0 % of the load; nobody took it over",
    { lost: { atS: 12.34, loadShare: 0.34, how: 'ended', takenOverAtS: null, missingShare: 0.34 } },
  ],
  [
    "worker 'b-42' could not be reached for 2.5 s, 3.0 s into the run",
    { away: [{ fromS: 3, untilS: 5.5, how: 'lost its connection' }] },
  ],
  [
    "worker 'b-42' could not be reached for 7.0 s, 3.0 s into the run; the others did its part from 8.0 s to 15.0 s",
    {
      away: [{ fromS: 3, untilS: 10, how: 'lost its connection' }],
      shares: [
        { fromS: 0, loadShare: 1 / 3 },
        { fromS: 8, loadShare: 0 },
        { fromS: 15, loadShare: 1 / 3 },
      ],
    },
  ],
  [
    "worker 'b-42' joined 20.0 s into the run and took load from 25.1 s on",
    { joinedAtS: 20, shares: [{ fromS: 25.12, loadShare: 0.25 }] },
  ],
  ["worker 'b-42' left 30.0 s into the run, its share handed over", { leftAtS: 30 }],
  ["worker 'b-42' started 0.2 s late", { lateByMs: 230 }],
  [
    "worker 'b-42' has a clock that is known to ± 80 ms only",
    { clock: { offsetMs: 1, errorMs: 80, driftPpm: 0, driftErrorPpm: 1 } },
  ],
])('%s', (note, worker) => {
  expect(notes(worker)).toEqual([note])
})

test('changes of the load stand among them, in the order of time', () => {
  const changes = [
    { atS: 10, qps: 40, users: 200 },
    { atS: 50, qps: null, users: 300 },
  ]
  expect(notes({ leftAtS: 30 }, changes)).toEqual([
    'the load was changed to 200 users and 40 requests/s, 10.0 s into the run',
    "worker 'b-42' left 30.0 s into the run, its share handed over",
    'the load was changed to 300 users, 50.0 s into the run',
  ])
})
