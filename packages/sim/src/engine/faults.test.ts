import { describe, expect, test } from 'vitest'
import { parseSimOptions, type SimOptions } from '../options.js'
import { faultOf } from './faults.js'

/** Kinds of fault of the first six requests. */
function faults(options: Partial<SimOptions>): (string | undefined)[] {
  const settings = { ...parseSimOptions({}).options, ...options }
  return [1, 2, 3, 4, 5, 6].map((ordinal) => faultOf(settings, ordinal)?.kind)
}

const none = undefined

describe('faults', () => {
  test.each<{ story: string; options: Partial<SimOptions>; kinds: (string | undefined)[] }>([
    { story: 'nothing goes wrong by itself', options: {}, kinds: [none, none, none, none, none, none] },
    { story: 'every third fails', options: { failEvery: 3 }, kinds: [none, none, 'fail', none, none, 'fail'] },
    {
      story: 'all die if only the place is given',
      options: { dieAfterTokens: 4 },
      kinds: ['die', 'die', 'die', 'die', 'die', 'die'],
    },
    {
      story: 'where two fall on one request, the earlier in the order fail, die, error, stall has it',
      options: { failEvery: 4, dieEvery: 2, errorEvery: 3, stallEvery: 1 },
      kinds: ['stall', 'die', 'error', 'fail', 'stall', 'die'],
    },
  ])('$story', ({ options, kinds }) => {
    expect(faults(options)).toEqual(kinds)
  })

  test('come at the rate asked for, the same requests for the same seed', () => {
    const settings = parseSimOptions({}).options
    const failing = (options: Partial<SimOptions>) =>
      Array.from({ length: 10_000 }, (_, i) => faultOf({ ...settings, ...options }, i + 1) !== null)
    const count = (falls: boolean[]) => falls.filter(Boolean).length
    // Three standard deviations of a binomial distribution: 90.
    expect(Math.abs(count(failing({ failRate: 0.1 })) - 1000)).toBeLessThan(90)
    expect(failing({ failRate: 0.1 })).toEqual(failing({ failRate: 0.1 }))
    expect(failing({ failRate: 0.1 })).not.toEqual(failing({ failRate: 0.1, seed: 1 }))
    expect(failing({ failRate: 0.1 })).not.toEqual(failing({ resetRate: 0.1 }))
    expect([count(failing({ stallRate: 0 })), count(failing({ stallRate: 1 }))]).toEqual([0, 10_000])
  })

  test('strike after ten tokens, or where they are told to', () => {
    const settings = parseSimOptions({}).options
    expect(faultOf({ ...settings, dieEvery: 1 }, 1)).toEqual({ kind: 'die', afterTokens: 10 })
    expect(faultOf({ ...settings, stallEvery: 2, stallAfterTokens: 0 }, 2)).toEqual({ kind: 'stall', afterTokens: 0 })
    expect(faultOf({ ...settings, failEvery: 1, failStatus: 429 }, 1)).toEqual({ kind: 'fail', status: 429 })
  })
})
