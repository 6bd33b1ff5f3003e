import { generatorAt } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { type Distribution, drawMs, paceOf } from './pace.js'

const DRAWS = 20_000

function draws(distribution: Distribution, jitter: number): number[] {
  const uniform = generatorAt(1, 'pace-test', 0)
  return Array.from({ length: DRAWS }, () => drawMs(distribution, 10, jitter, uniform))
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function deviation(values: number[]): number {
  const center = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)))
}

describe('drawn times', () => {
  test.each<{ distribution: Distribution; jitter: number; spread: number }>([
    { distribution: 'constant', jitter: 0.5, spread: 0 },
    { distribution: 'uniform', jitter: 0.5, spread: 5 / Math.sqrt(3) }, // U(5, 15)
    { distribution: 'normal', jitter: 0.2, spread: 2 },
    { distribution: 'exponential', jitter: 0.5, spread: 10 },
  ])('of $distribution have the mean and the spread asked for', ({ distribution, jitter, spread }) => {
    const times = draws(distribution, jitter)
    expect(Math.abs(mean(times) - 10)).toBeLessThan((5 * 10) / Math.sqrt(DRAWS))
    expect(Math.abs(deviation(times) - spread)).toBeLessThan(0.3)
  })

  test.each<Distribution>(['uniform', 'normal'])(
    'of %s stay in 0 … 2 × mean, and keep the mean, at the widest',
    (kind) => {
      const times = draws(kind, 1)
      expect(Math.min(...times)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...times)).toBeLessThanOrEqual(20)
      expect(Math.abs(mean(times) - 10)).toBeLessThan(0.3)
    },
  )
})

describe('the pace of a request', () => {
  const options = {
    seed: 7,
    ttftMs: 50,
    ttftDistribution: 'exponential',
    itlMs: 10,
    itlDistribution: 'uniform',
    jitter: 0.3,
    prefillUsPerToken: 0,
    itlUsPerSequence: 0,
  } as const
  const timesOf = (seed: number, index: number) => {
    const pace = paceOf({ ...options, seed }, index, 100)
    return [pace.firstTokenMs, pace.nextGapMs(), pace.nextGapMs()]
  }

  test('is the same for the same seed and index, and another for others', () => {
    expect(timesOf(7, 3)).toEqual(timesOf(7, 3))
    expect(timesOf(7, 3)).not.toEqual(timesOf(7, 4))
    expect(timesOf(7, 3)).not.toEqual(timesOf(8, 3))
  })

  test('adds the prefill of the prompt to the first token', () => {
    const pace = (prefillUsPerToken: number) => paceOf({ ...options, prefillUsPerToken }, 0, 1000)
    expect(pace(25).firstTokenMs - pace(0).firstTokenMs).toBeCloseTo(25)
    expect(pace(25).nextGapMs()).toBe(pace(0).nextGapMs())
  })

  test('adds to each gap what the sequences that run then cost', () => {
    let sequences = 1
    const settings = { ...options, itlDistribution: 'constant', itlUsPerSequence: 250 } as const
    const pace = paceOf(settings, 0, 100, () => sequences)
    expect(pace.nextGapMs()).toBe(10.25)
    sequences = 40
    expect(pace.nextGapMs()).toBe(20)
  })
})
