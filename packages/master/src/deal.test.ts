import { describe, expect, test } from 'vitest'
import { inLocustsOrder, worstErrorMs } from './deal.js'
import { Member } from './member.js'
import type { WorkerSession } from './worker-session.js'

/** Nothing is sent here. */
const session = {} as WorkerSession

const member = (id: string, host: string): Member => new Member({ id, host, pid: 1, key: 'k', joinedAtMs: 0 }, session)

test('hosts take turns, and within one workers are in the order in which they joined', () => {
  const joined = [member('a1', 'a'), member('a2', 'a'), member('b1', 'b'), member('a3', 'a'), member('b2', 'b')]
  expect(inLocustsOrder(joined).map(({ id }) => id)).toEqual(['a1', 'b1', 'a2', 'b2', 'a3'])
})

describe('how far the time of a worker may be from the master’s', () => {
  const measured = (...readings: [offsetMs: number, errorMs: number][]): Member => {
    const one = member('w', 'h')
    for (const [offsetMs, errorMs] of readings) {
      one.clock = { reading: { offsetMs, errorMs }, atMs: 0 }
      one.firstClock ??= one.clock
    }
    return one
  }

  test.each([
    { readings: [], worstMs: 0, story: 'nothing is known' },
    { readings: [[5000, 2]], worstMs: 2, story: 'the bound of its measurement' },
    {
      readings: [
        [5000, 2],
        [5030, 1],
      ],
      worstMs: 31,
      story: 'and what it has drifted since the start, as its schedule begins there',
    },
    {
      readings: [
        [5000, 2],
        [4970, 1],
      ],
      worstMs: 31,
      story: 'either way',
    },
  ] as { readings: [number, number][]; worstMs: number; story: string }[])('$story', ({ readings, worstMs }) => {
    expect(worstErrorMs([measured([0, 0.5]), measured(...readings)].slice(readings.length ? 0 : 1))).toBe(worstMs)
  })
})
