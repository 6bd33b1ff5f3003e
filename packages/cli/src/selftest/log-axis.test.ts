import { expect, test } from 'vitest'
import { LogAxis } from './log-axis.js'

test('an axis ends at steps of 1, 2 and 5 that hold all values', () => {
  const axis = new LogAxis([0.13, 6], 0, 100)
  expect(axis.ticks).toEqual([0.1, 0.2, 0.5, 1, 2, 5, 10])
  expect(axis.at(0.1)).toBe(0)
  expect(axis.at(1)).toBeCloseTo(50)
  expect(axis.at(10)).toBe(100)
})

test('one value has an axis too, zero stands at its low end, and no value at all has one', () => {
  const axis = new LogAxis([0, 2], 100, 0)
  expect(axis.ticks).toEqual([2, 5])
  expect(axis.at(0)).toBe(100)
  expect(new LogAxis([], 0, 1).ticks).toEqual([1, 2])
})
