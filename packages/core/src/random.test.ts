import { describe, expect, test } from 'vitest'
import { generatorAt, uniformAt } from './random.js'

const draws = (count: number, seed = 1, stream = 'test') =>
  Array.from({ length: count }, (_, index) => uniformAt(seed, stream, index))

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Pearson's correlation of two equally long lists. */
function correlation(x: number[], y: number[]): number {
  const [mx, my] = [mean(x), mean(y)]
  const product = (a: number[], ma: number, b: number[], mb: number) =>
    a.reduce((sum, value, i) => sum + (value - ma) * ((b[i] ?? Number.NaN) - mb), 0)
  return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my))
}

/** Pearson's chi-square of draws sorted into equal bins. */
function chiSquare(values: number[], bins: number): number {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) counts[Math.floor(value * bins)] = (counts[Math.floor(value * bins)] ?? 0) + 1
  const expected = values.length / bins
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** The 99.9 % bound of chi-square with 255 degrees of freedom. */
const CHI_SQUARE_255 = 330.5

/** Five standard deviations of the correlation of `n` independent pairs. */
const fiveSigma = (n: number) => 5 / Math.sqrt(n)

describe('uniformAt', () => {
  test('is a pure function: these values stay the same for ever', () => {
    expect([
      uniformAt(0, 'arrivals', 0),
      uniformAt(42, 'arrivals', 7),
      uniformAt(42, 'prompts', 7),
    ]).toMatchInlineSnapshot(`
      [
        0.8841924701158111,
        0.5554075288429642,
        0.8367334444944228,
      ]
    `)
  })

  test('is the first draw of the generator of the same item', () => {
    expect(uniformAt(5, 'prompts', 9)).toBe(generatorAt(5, 'prompts', 9)())
  })

  test('fills [0, 1) evenly over consecutive indices', () => {
    const values = draws(100_000)
    expect(Math.min(...values.slice(0, 10_000))).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values.slice(0, 10_000))).toBeLessThan(1)
    expect(mean(values)).toBeCloseTo(0.5, 2)
    expect(mean(values.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 3)
    expect(chiSquare(values, 256)).toBeLessThan(CHI_SQUARE_255)
  })

  test('fills the low bits as evenly as the high ones', () => {
    const lowBits = draws(100_000).map((value) => (value * 2 ** 45) % 1)
    expect(chiSquare(lowBits, 256)).toBeLessThan(CHI_SQUARE_255)
  })

  test.each([1, 2, 16, 1000])('does not correlate with itself %i indices later', (lag) => {
    const values = draws(50_000 + lag)
    expect(Math.abs(correlation(values.slice(0, 50_000), values.slice(lag)))).toBeLessThan(fiveSigma(50_000))
  })

  test.each([
    { what: 'neighbouring seeds', other: draws(50_000, 2) },
    { what: 'seeds that differ above 32 bits', other: draws(50_000, 1 + 2 ** 32) },
    { what: 'streams of one seed', other: draws(50_000, 1, 'tess') },
  ])('$what are independent', ({ other }) => {
    expect(Math.abs(correlation(draws(50_000), other))).toBeLessThan(fiveSigma(50_000))
  })

  test('gives indices above 32 bits draws of their own', () => {
    expect(uniformAt(1, 'test', 2 ** 32)).not.toBe(uniformAt(1, 'test', 0))
    expect(uniformAt(1, 'test', 2 ** 52)).not.toBe(uniformAt(1, 'test', 0))
  })
})

describe('generatorAt', () => {
  test('draws evenly within one item', () => {
    const next = generatorAt(3, 'prompts', 0)
    const values = Array.from({ length: 100_000 }, next)
    expect(chiSquare(values, 256)).toBeLessThan(CHI_SQUARE_255)
    expect(Math.abs(correlation(values.slice(0, -1), values.slice(1)))).toBeLessThan(fiveSigma(100_000))
  })

  test('the second draws of consecutive items are even and independent of the first', () => {
    const pairs = Array.from({ length: 50_000 }, (_, index) => {
      const next = generatorAt(3, 'prompts', index)
      return [next(), next()] as const
    })
    const second = pairs.map((pair) => pair[1])
    expect(chiSquare(second, 256)).toBeLessThan(CHI_SQUARE_255)
    expect(
      Math.abs(
        correlation(
          pairs.map((pair) => pair[0]),
          second,
        ),
      ),
    ).toBeLessThan(fiveSigma(50_000))
  })
})
