import { describe, expect, test } from 'vitest'
import { readCounts, SparseText } from './sparse-counts.js'

type Count = [place: number, count: number]

function written(counts: readonly Count[]): string {
  const text = new SparseText()
  for (const [place, count] of counts) text.add(place, count)
  return text.toString()
}

function read(text: string): Count[] {
  const counts: Count[] = []
  readCounts(text, (place, count) => counts.push([place, count]))
  return counts
}

describe('sparse counts', () => {
  test.each<[text: string, counts: Count[]]>([
    ['', []],
    ['0', [[0, 1]]],
    ['0x7', [[0, 7]]],
    [
      '0 0 0x2',
      [
        [0, 1],
        [1, 1],
        [2, 2],
      ],
    ],
    [
      '1500 11x3 0',
      [
        [1500, 1],
        [1512, 3],
        [1513, 1],
      ],
    ],
    ['23219x9007199254740991', [[23_219, Number.MAX_SAFE_INTEGER]]],
  ])('%j is written and read', (text, counts) => {
    expect(written(counts)).toBe(text)
    expect(read(text)).toEqual(counts)
  })

  test.each([' ', '1 ', ' 1', '1  2', '1x', 'x1', '1x2x3', '-1', '1.5', '1,2', '1e3', '1x 2', '1X2', '१'])(
    '%j is refused',
    (text) => expect(() => read(text)).toThrow(RangeError),
  )
})
