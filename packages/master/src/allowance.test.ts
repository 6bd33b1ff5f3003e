import { expect, test } from 'vitest'
import { Allowance } from './allowance.js'

test('what was saved may be taken at once, and after that so much a second', () => {
  let nowMs = 0
  const allowance = new Allowance({ perSecond: 10, burst: 50 }, { nowMs: () => nowMs, wallMs: (ms) => ms })
  expect(allowance.take(50)).toBe(0)
  expect(allowance.take(1)).toBe(100) // paid for in a tenth of a second
  nowMs = 100
  expect(allowance.take(1)).toBe(100)
  nowMs = 1200
  expect(allowance.take(10)).toBe(0)
  nowMs = 1e9
  expect(allowance.take(60)).toBe(1000) // a long rest saves no more than the burst
})
