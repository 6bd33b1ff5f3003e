import { type Assignment, Shares, systemClock, UserCurve } from '@llmload/core'
import { expect, test } from 'vitest'
import { UserPool } from './user-pool.js'

const clock = systemClock()

function pool(assignments: readonly Assignment[], users: number) {
  const startMs = clock.nowMs()
  const curve = new UserCurve()
  curve.change({ fromMs: 0, users, stepAtMs: () => 0 })
  const shares = new Shares(assignments)
  const events: string[] = []
  const pool = new UserPool({
    ...{ clock, startMs, curve, shares },
    started: (user) => events.push(`+${user}`),
    retired: () => events.push('-'),
    reshared: () => events.push('share'),
  })
  const nowMs = () => clock.nowMs() - startMs
  return { pool, curve, shares, events, nowMs }
}

test('100 users on three workers are 34, 33 and 33, each user once', () => {
  const parts = [0, 1, 2].map((index) => {
    const { pool: users, events } = pool([{ epoch: 0, fromMs: 0, share: { index, count: 3 } }], 100)
    users.look()
    users.stop()
    return events.slice(1)
  })
  expect(parts.map(({ length }) => length)).toEqual([34, 33, 33])
  expect(new Set(parts.flat()).size).toBe(100)
})

test('with a larger share users start, with none all retire, each at its instant', async () => {
  const { pool: users, shares, events, nowMs } = pool([{ epoch: 0, fromMs: 0, share: { index: 1, count: 2 } }], 5)
  users.look()
  shares.add({ epoch: 1, fromMs: nowMs() + 30, share: { index: 0, count: 1 } })
  shares.add({ epoch: 2, fromMs: nowMs() + 60, share: null })
  users.look()
  expect(events).toEqual(['share', '+1', '+3'])
  await expect.poll(() => users.count).toBe(0)
  expect(events).toEqual(['share', '+1', '+3', 'share', '+2', '+3', '+4', 'share', '-', '-', '-', '-', '-'])
})

test('follows the curve', async () => {
  const { pool: users, curve, events, nowMs } = pool([{ epoch: 0, fromMs: 0, share: { index: 0, count: 2 } }], 4)
  users.look()
  curve.change({ fromMs: nowMs() + 20, users: 7, stepAtMs: (n) => 10 * n })
  curve.change({ fromMs: nowMs() + 80, users: 1, stepAtMs: () => 0 })
  users.look()
  await expect.poll(() => users.count).toBe(1)
  expect(events).toEqual(['share', '+0', '+2', '+4', '+6', '-', '-', '-'])
  users.stop()
})
