import { expect, test } from 'vitest'
import { readyAtMs, usersOf } from './users.js'

test('100 users on three workers are 34, 33 and 33, each user once', () => {
  const shares = [0, 1, 2].map((index) => usersOf({ index, count: 3 }, 100))
  expect(shares.map((users) => users.length)).toEqual([34, 33, 33])
  expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
})

test('in an open loop a user is ready when it is spawned', () => {
  expect([0, 1, 2].map((user) => readyAtMs(user, { spawnRate: 1, qps: 5 }, 1))).toEqual([0, 1000, 2000])
})

test('in a closed loop first requests spread over one second after the spawn, the same for the same seed', () => {
  const load = { spawnRate: 100, qps: null }
  const ready = Array.from({ length: 100 }, (_, user) => readyAtMs(user, load, 7))
  expect(Math.min(...ready)).toBeLessThan(100)
  expect(Math.max(...ready)).toBeGreaterThan(900)
  expect(Math.max(...ready)).toBeLessThan(1000)
  expect(ready).toEqual(Array.from({ length: 100 }, (_, user) => readyAtMs(user, load, 7)))
})
