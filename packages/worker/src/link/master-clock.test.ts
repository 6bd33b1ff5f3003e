import type { Clock } from '@llmload/core'
import { expect, test } from 'vitest'
import { MasterClock } from './master-clock.js'

test('of a round of pings the fastest counts, and half of its round trip is the bound', async () => {
  let nowMs = 0
  const clock: Clock = { nowMs: () => nowMs, wallMs: (ms) => ms }
  const roundTripsMs = [40, 10, 4, 90, 6, 8, 30, 12]
  const pings: number[] = []
  const masterClock = new MasterClock(clock, (workerMs) => pings.push(workerMs))
  const measured = masterClock.measure()
  for (const roundTripMs of roundTripsMs) {
    const sentMs = pings.at(-1) ?? Number.NaN
    // The way there takes all of the round trip, and the master is 5000 ms ahead.
    nowMs += roundTripMs
    masterClock.pong(sentMs, nowMs + 5000)
  }
  await measured
  expect(pings).toHaveLength(8)
  expect(masterClock.reading).toEqual({ offsetMs: 5002, errorMs: 2 })
  masterClock.close()
})

test('an answer that was not waited for any more changes nothing', async () => {
  let nowMs = 0
  const clock: Clock = { nowMs: () => nowMs, wallMs: (ms) => ms }
  const pings: number[] = []
  const masterClock = new MasterClock(clock, (workerMs) => pings.push(workerMs))
  const measured = masterClock.measure()
  masterClock.pong(-1, 777)
  for (let i = 0; i < 8; i++) {
    nowMs += 2
    masterClock.pong(pings.at(-1) ?? Number.NaN, nowMs + 100)
  }
  masterClock.pong(pings.at(-1) ?? Number.NaN, 777)
  await measured
  expect(masterClock.reading).toEqual({ offsetMs: 101, errorMs: 1 })
  masterClock.close()
})
