import { describe, expect, test } from 'vitest'
import { countOf, holds, Shares } from './shares.js'

const numbers = (total: number) => Array.from({ length: total }, (_, index) => index)

describe('shares of one deal', () => {
  test.each([1, 2, 7, 50])(
    'of %i workers have each number once, and as many as they say, one more for the first',
    (count) => {
      for (const total of [0, 1, 6, 7, 49, 50, 51, 1000]) {
        const shares = numbers(count).map((index) => ({ index, count }))
        const owners = numbers(total).map((number) => shares.filter((share) => holds(share, number)).length)
        expect(owners.every((owners) => owners === 1)).toBe(true)
        const counts = shares.map((share) => countOf(share, total))
        expect(counts).toEqual(shares.map((share) => numbers(total).filter((number) => holds(share, number)).length))
        expect(counts).toEqual([...counts].sort((a, b) => b - a))
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }
    },
  )

  test('nobody has nothing', () => {
    expect(holds(null, 0)).toBe(false)
    expect(countOf(null, 10)).toBe(0)
  })
})

describe('shares over time', () => {
  const share = { index: 0, count: 2 }
  const shares = new Shares([
    { epoch: 1, fromMs: 10, share },
    { epoch: 2, fromMs: 20, share: null },
  ])

  test('the last one whose instant has come holds', () => {
    expect([9, 10, 19, 20].map((ms) => shares.at(ms)?.epoch ?? null)).toEqual([null, 1, 1, 2])
    expect([9, 10, 20].map((ms) => shares.own(4, ms))).toEqual([false, true, false])
    expect(shares.fromMs).toBe(10)
  })

  test('it is known when the next one comes, and from when on there is nothing', () => {
    expect([0, 10, 20].map((ms) => shares.nextChangeMs(ms))).toEqual([10, 20, Number.POSITIVE_INFINITY])
    expect([19, 20].map((ms) => shares.endBy(ms))).toEqual([false, true])
    expect(new Shares([]).endBy(0)).toBe(true)
  })
})
