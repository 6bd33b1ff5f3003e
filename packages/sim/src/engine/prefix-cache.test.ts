import { describe, expect, test } from 'vitest'
import { PrefixCache } from './prefix-cache.js'

const ids = (count: number, from = 1000) => Array.from({ length: count }, (_, i) => from + i)

describe('the prefix cache', () => {
  test.each([
    { story: 'nothing of a prompt that is new', first: ids(0), second: ids(100), cached: 0 },
    { story: 'whole blocks only', first: ids(40), second: ids(47), cached: 32 },
    {
      story: 'all but the last block of the same prompt, whose last token must be computed',
      first: ids(64),
      second: ids(64),
      cached: 48,
    },
    { story: 'all whole blocks, if a token comes after them', first: ids(64), second: ids(65), cached: 64 },
    { story: 'up to the first difference', first: ids(64), second: [...ids(20), 7, ...ids(43, 1021)], cached: 16 },
    {
      story: 'nothing of the same block behind another',
      first: ids(64),
      second: [...ids(16, 5), ...ids(48, 1016)],
      cached: 0,
    },
  ])('finds $story', ({ first, second, cached }) => {
    const cache = new PrefixCache(1600)
    cache.lookUp(first)
    expect(cache.lookUp(second)).toBe(cached)
    expect([cache.queriedTokens, cache.hitTokens]).toEqual([first.length + second.length, cached])
  })

  test('lets go of what was used least recently, the end of a prompt first', () => {
    const cache = new PrefixCache(6 * 16)
    cache.lookUp(ids(65, 0))
    cache.lookUp(ids(49, 5000))
    // Four blocks and three are one too many: the first prompt lost its last block.
    expect(cache.lookUp(ids(65, 0))).toBe(48)
    // Which came back at the cost of the second prompt's last.
    expect(cache.lookUp(ids(49, 5000))).toBe(32)
  })

  test('is off without a size', () => {
    expect([new PrefixCache(0).isOn, new PrefixCache(15).isOn, new PrefixCache(16).isOn]).toEqual([false, false, true])
  })
})
