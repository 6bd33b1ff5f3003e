import { describe, expect, test } from 'vitest'
import { loadPlan } from '../../../test/support/plan.js'
import { runTimes, type SendingEnd, windowOf } from './run-window.js'

const LOAD = loadPlan({ users: 100, spawnRate: 100, qps: 1, runTimeS: 120 })

test.each([
  { load: {}, instants: [5000, 5000, 125_000], story: 'a hundred users at a hundred per second are there at once' },
  { load: { spawnRate: 10 }, instants: [14_000, 14_000, 134_000], story: 'ten batches of ten, one a second' },
  { load: { runTimeS: null }, instants: [5000, 5000, Number.POSITIVE_INFINITY], story: 'until stopped' },
  {
    load: { spawnRate: 10, warmupS: 20 },
    instants: [14_000, 34_000, 154_000],
    story: 'a warm-up comes before the window and takes nothing of it',
  },
])('instants of a run that starts at 5 s: $story', ({ load, instants: [spawnedAtMs, measuredFromMs, endAtMs] }) => {
  expect(runTimes({ ...LOAD, ...load }, 5000)).toEqual({ startAtMs: 5000, spawnedAtMs, measuredFromMs, endAtMs })
})

describe('the window of a run with a ramp of 7 s, a warm-up of 3 s and a window of 100 s', () => {
  const times = { startAtMs: 0, spawnedAtMs: 7000, measuredFromMs: 10_000, endAtMs: 110_000 }
  const rows: { end: SendingEnd; window: [phase: string, startMs: number, endMs: number]; story: string }[] = [
    { end: { by: 'run-time' }, window: ['measured', 10_000, 110_000], story: 'is all of it at the end of the time' },
    { end: { by: 'interrupted', atMs: 60_000 }, window: ['measured', 10_000, 60_000], story: 'ends with Ctrl-C' },
    {
      end: { by: 'interrupted', atMs: 6000 },
      window: ['ramp', 0, 6000],
      story: 'is the ramp if Ctrl-C comes within it',
    },
    {
      end: { by: 'interrupted', atMs: 9000 },
      window: ['ramp', 0, 9000],
      story: 'is ramp and warm-up if Ctrl-C comes before it opens',
    },
    {
      end: { by: 'interrupted', atMs: -100 },
      window: ['ramp', 0, 0],
      story: 'is empty if Ctrl-C comes before the start',
    },
    {
      end: { by: 'max-requests', lastOverAtMs: 50_000 },
      window: ['measured', 10_000, 50_000],
      story: 'ends with the last request',
    },
    {
      end: { by: 'max-requests', lastOverAtMs: 112_000 },
      window: ['measured', 10_000, 110_000],
      story: 'is no longer than asked for',
    },
    {
      end: { by: 'workers-lost', reportedUntilMs: 40_000 },
      window: ['measured', 10_000, 40_000],
      story: 'ends with the last report',
    },
    {
      end: { by: 'workers-lost', reportedUntilMs: 4000 },
      window: ['ramp', 0, 4000],
      story: 'is what was reported of the ramp',
    },
    {
      end: { by: 'workers-lost', reportedUntilMs: Number.NEGATIVE_INFINITY },
      window: ['ramp', 0, 0],
      story: 'is empty without any report',
    },
  ]
  test.each(rows)('$story', ({ end, window: [phase, startMs, endMs] }) => {
    expect(windowOf(times, end)).toEqual({ phase, startMs, endMs, endedBy: end.by })
  })
})
