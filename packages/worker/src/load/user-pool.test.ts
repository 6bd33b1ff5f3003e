import { type Assignment, changeUsers, generatorAt, Shares, systemClock, UserCurve } from '@llmload/core'
import { expect, test } from 'vitest'
import { UserPool } from './user-pool.js'

const clock = systemClock()

function pool(assignments: readonly Assignment[], users: number) {
  const startMs = clock.nowMs()
  const curve = new UserCurve()
  changeUsers(curve, { fromMs: 0, users, spawnRate: 1e6 })
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
  changeUsers(curve, { fromMs: nowMs() + 20, users: 7, spawnRate: 100 })
  changeUsers(curve, { fromMs: nowMs() + 80, users: 1, spawnRate: 100 })
  users.look()
  await expect.poll(() => users.count).toBe(1)
  expect(events).toEqual(['share', '+0', '+2', '+4', '+6', '-', '-', '-'])
  users.stop()
})

test.each([1, 2, 7, 50])('%i workers that come and go have together the users that the run shall have', (count) => {
  const draw = generatorAt(count, 'pools', 0)
  let nowMs = 0
  const curve = new UserCurve()
  const workers = Array.from({ length: count }, () => {
    const shares = new Shares([])
    const users = new UserPool({
      ...{ clock: { nowMs: () => nowMs, wallMs: (ms) => ms }, startMs: 0, curve, shares },
      ...{ started: () => {}, retired: () => {}, reshared: () => {} },
    })
    return { shares, users }
  })
  for (let epoch = 0; epoch < 30; epoch++) {
    const holders = workers.filter((_, i) => i === epoch % count || draw() < 0.7)
    for (const worker of workers) {
      const index = holders.indexOf(worker)
      worker.shares.add({ epoch, fromMs: nowMs, share: index < 0 ? null : { index, count: holders.length } })
    }
    changeUsers(curve, { fromMs: nowMs, users: 1 + Math.floor(100 * draw()), spawnRate: 1 + 20 * draw() })
    for (let step = 0; step < 5; step++, nowMs += 700) {
      for (const { users } of workers) users.look()
      expect(workers.reduce((sum, { users }) => sum + users.count, 0)).toBe(curve.at(nowMs))
    }
  }
  for (const { users } of workers) users.stop()
})
