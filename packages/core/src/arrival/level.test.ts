import { expect, test } from 'vitest'
import { planOf } from '../../../../test/support/loopback.js'
import { levelAt } from './level.js'

const stages = [
  { durationS: 10, qps: { from: 20, to: 20 }, users: null },
  { durationS: 10, qps: { from: 20, to: 40 }, users: { from: 50, to: 100 } },
  { durationS: 10, qps: null, users: null },
]
const { load } = planOf('http://x', { load: { users: 5, spawnRate: 5, qps: 10, stages } })

test.each([
  { ms: 0, qps: 20, users: 5, story: 'the first stage begins when all users are there, here at once' },
  { ms: 9_999, qps: 20, users: 5, story: 'it says nothing of users' },
  { ms: 15_000, qps: 30, users: 75, story: 'half-way up the second' },
  { ms: 25_000, qps: 40, users: 100, story: 'the third goes on where the second ended' },
  { ms: 99_000, qps: 40, users: 100, story: 'after the last one' },
])('at $ms ms: $story', ({ ms, qps, users }) => {
  expect(levelAt(load, ms)).toEqual({ qps, users })
})

test('users that are still being spawned are asked for; before the stages the plan counts', () => {
  const ramping = { ...load, users: 100, spawnRate: 10, warmupS: 30 }
  expect(levelAt(ramping, 0)).toEqual({ qps: 10, users: 100 })
  expect(levelAt(ramping, 38_999)).toEqual({ qps: 10, users: 100 })
  expect(levelAt(ramping, 39_000)).toEqual({ qps: 20, users: 100 })
})

test('a closed loop has no rate', () => {
  expect(levelAt({ ...load, qps: null, stages: [] }, 1000)).toEqual({ qps: null, users: 5 })
})
