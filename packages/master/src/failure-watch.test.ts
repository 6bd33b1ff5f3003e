import type { Clock } from '@llmload/core'
import { expect, test } from 'vitest'
import { statsData } from '../test/wire-worker.js'
import { FailureWatch } from './failure-watch.js'

/** What is reported, second by second, and what the watch says in the end. */
function watch(ratio: number, ...seconds: { answered?: number; failed?: number; error?: string }[]): string | null {
  let nowMs = 0
  const clock: Clock = { nowMs: () => nowMs, wallMs: (ms) => ms }
  const failures = new FailureWatch(ratio, clock)
  let reason: string | null = null
  for (const second of seconds) {
    nowMs += 1000
    const nothing = (second.answered ?? 0) + (second.failed ?? 0) === 0
    reason = failures.add({ ramp: null, measured: nothing ? null : statsData(second) })
  }
  return reason
}

const times = <T>(count: number, of: T): T[] => Array.from({ length: count }, () => of)

test('more failures than allowed end the run, with the numbers', () => {
  expect(watch(0.5, { answered: 9, failed: 11 })).toBe(
    '11 of 20 requests failed in the last 10 s (55.0 %), more than --abort-on-fail-ratio allows',
  )
})

test.each([
  { ratio: 0.5, seconds: [{ answered: 10, failed: 10 }], story: 'just as many as allowed are fine' },
  { ratio: 0, seconds: [{ failed: 19 }], story: 'of fewer than twenty a ratio says nothing' },
  {
    ratio: 0.5,
    seconds: [{ failed: 19 }, ...times(10, {}), { answered: 11, failed: 10 }],
    story: 'what is older than ten seconds is forgotten',
  },
  {
    ratio: 1,
    seconds: [...times(9, { failed: 11 }), { answered: 1 }, { failed: 11 }],
    story: 'an answer in between breaks the row',
  },
  {
    ratio: 1,
    seconds: [...times(5, { failed: 11 }), ...times(5, { failed: 11, error: 'another' })],
    story: 'and so does another error',
  },
])('$story', ({ ratio, seconds }) => {
  expect(watch(ratio, ...seconds)).toBeNull()
})

test('a hundred equal errors in a row end it whatever the ratio is', () => {
  expect(watch(1, ...times(9, { failed: 11 }), {}, { failed: 1 })).toBe(
    'the last 100 requests all ended in the same error: HTTP 500: boom',
  )
})
