import { expect, test } from 'vitest'
import { allSpawnedAtMs, measuredFromMs, measuredUntilMs, spawnAtMs } from './ramp.js'

const startsOf = (users: number, rate: number) => Array.from({ length: users }, (_, i) => spawnAtMs(i, rate))

test('100 users at 100 per second all start at once', () => {
  expect(allSpawnedAtMs({ users: 100, spawnRate: 100, ramping: null })).toBe(0)
})

test('one user per second: the first at once, the third after two seconds', () => {
  expect(startsOf(3, 1)).toEqual([0, 1000, 2000])
})

test('half a user per second starts one every two seconds', () => {
  expect(startsOf(3, 0.5)).toEqual([0, 2000, 4000])
})

test('2.4 per second starts pairs, 0.8333 s apart, to the nanosecond', () => {
  expect(startsOf(5, 2.4)).toEqual([0, 0, 833.333333, 833.333333, 1666.666667])
})

test('ten users at four per second are all there after two seconds', () => {
  expect(allSpawnedAtMs({ users: 10, spawnRate: 4, ramping: null })).toBe(2000)
})

test('the measured window opens after the last user has started, and the warm-up', () => {
  expect(measuredFromMs({ users: 100, spawnRate: 10, ramping: null, warmupS: 0 })).toBe(9000)
  expect(measuredFromMs({ users: 100, spawnRate: 10, ramping: null, warmupS: 30 })).toBe(39_000)
})

test('it closes after --run-time, or when something else ends the run', () => {
  const load = { users: 100, spawnRate: 10, ramping: null, warmupS: 1 }
  expect(measuredUntilMs({ ...load, runTimeS: 0.3 })).toBe(10_300)
  expect(measuredUntilMs({ ...load, runTimeS: null })).toBe(Number.POSITIVE_INFINITY)
})
