import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SecondCounts } from './current-rate.js'

interface Vectors {
  rates: { start: number; last: number | null; perSecond: [second: number, n: number][]; expected: number }[]
}

const LOCUST: Vectors = JSON.parse(readFileSync(new URL('fixtures/locust-current-rates.json', import.meta.url), 'utf8'))

function countsOf(perSecond: [second: number, n: number][]): SecondCounts {
  const counts = new SecondCounts()
  for (const [second, n] of perSecond) counts.add(second, n)
  return counts
}

describe('SecondCounts', () => {
  // Locust asks at its last completion; asked then, ours is the same.
  test.each(LOCUST.rates)(
    'started at $start and asked at $last, the rate is $expected',
    ({ start, last, ...vector }) => {
      expect(countsOf(vector.perSecond).currentPerS(last ?? start, start)).toBe(vector.expected)
    },
  )

  test('the rate falls to 0 when nothing happens any more, where Locust’s freezes', () => {
    const counts = countsOf(Array.from({ length: 20 }, (_, second) => [second, 10]))
    expect(counts.currentPerS(19.9, 0)).toBe(10)
    expect(counts.currentPerS(26.5, 0)).toBe(6) // 14…19 of the window 14…23
    expect(counts.currentPerS(33, 0)).toBe(0)
  })

  test('what two workers count in a second adds up', () => {
    const counts = countsOf([
      [5, 3],
      [5, 4],
    ])
    expect(counts.currentPerS(8, 5)).toBe(7)
  })

  test('a delta that comes late still counts, one that comes too late to matter does not', () => {
    const counts = countsOf([
      [100, 1],
      [92, 9],
      [20, 1000],
    ])
    expect(counts.currentPerS(103, 0)).toBe(1)
    expect(counts.size).toBe(2)
  })

  test('memory stays bounded over a day', () => {
    const counts = new SecondCounts()
    for (let second = 0; second < 86_400; second++) counts.add(second, 1)
    expect(counts.size).toBeLessThanOrEqual(60)
    expect(counts.currentPerS(86_399, 0)).toBe(1)
  })
})
