import type { Clock } from '@llmload/core'
import { LEASE_MS } from '@llmload/core'
import { expect, test } from 'vitest'
import { Lease } from './lease.js'

/** A worker whose clock is 100 s behind its master's. */
const OFFSET_MS = 100_000

function lease() {
  let nowMs = 1000
  const clock: Clock = { nowMs: () => nowMs, wallMs: (ms) => ms }
  const renewals: number[] = []
  const lease = new Lease(
    clock,
    () => OFFSET_MS,
    (ranOutMs) => renewals.push(ranOutMs),
  )
  return {
    lease,
    pass: (ms: number) => {
      nowMs += ms
    },
    holds: () => nowMs < lease.untilMs,
    /** The master said its time so many ms ago. */
    hear: (agoMs = 0) => lease.renew(nowMs + OFFSET_MS - agoMs),
    renewals,
  }
}

test('before the master has said anything there is none', () => {
  expect(lease().holds()).toBe(false)
})

test('it holds for so long after the master has spoken, on the clock of the worker', () => {
  const { hear, pass, holds } = lease()
  hear()
  pass(LEASE_MS - 1)
  expect(holds()).toBe(true)
  pass(1)
  expect(holds()).toBe(false)
})

test('what counts is when the master spoke, not when that was read: a late word renews nothing', () => {
  const { hear, pass, holds } = lease()
  hear()
  pass(10_000)
  hear(LEASE_MS)
  expect(holds()).toBe(false)
  hear(LEASE_MS - 1)
  expect(holds()).toBe(true)
})

test('words that overtake each other do not shorten it', () => {
  const { lease: held, hear } = lease()
  hear()
  const untilMs = held.untilMs
  hear(500)
  expect(held.untilMs).toBe(untilMs)
})

test('whoever waits for it hears that it holds again, since when it had not, and only then', () => {
  const { lease: held, hear, pass, renewals } = lease()
  hear()
  pass(1000)
  hear()
  expect(renewals).toEqual([Number.NEGATIVE_INFINITY])
  const { untilMs } = held
  pass(LEASE_MS + 1)
  hear(LEASE_MS + 1)
  expect(renewals).toHaveLength(1)
  hear()
  expect(renewals).toEqual([Number.NEGATIVE_INFINITY, untilMs])
})
