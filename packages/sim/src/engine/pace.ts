import { generatorAt } from '@llmload/core'

export const DISTRIBUTIONS = ['constant', 'uniform', 'normal', 'exponential'] as const
export type Distribution = (typeof DISTRIBUTIONS)[number]

export interface PaceOptions {
  readonly seed: number
  readonly ttftMs: number
  readonly ttftDistribution: Distribution
  readonly itlMs: number
  readonly itlDistribution: Distribution
  readonly jitter: number
  readonly prefillUsPerToken: number
  readonly itlUsPerSequence: number
}

/** When the tokens of one request come. */
export interface Pace {
  /** From the start of the request, which is its receipt unless it waits, to its first token. */
  readonly firstTokenMs: number
  /** From one token to the next; each call draws the next gap. */
  nextGapMs(): number
}

/**
 * A draw with the given mean, from uniform draws in [0, 1). `jitter` is the spread as a part of the
 * mean: uniform has mean ± jitter, normal that standard deviation, cut at zero and, to keep the mean,
 * at twice the mean. constant and exponential have no free spread.
 */
export function drawMs(distribution: Distribution, meanMs: number, jitter: number, uniform: () => number): number {
  switch (distribution) {
    case 'constant':
      return meanMs
    case 'uniform':
      return meanMs * (1 + jitter * (2 * uniform() - 1))
    case 'normal': {
      // Box and Muller 1958; 1 - u is never zero.
      const deviate = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
      return meanMs * Math.min(Math.max(1 + jitter * deviate, 0), 2)
    }
    case 'exponential':
      return -Math.log(1 - uniform()) * meanMs
  }
}

/**
 * The pace of request `index`: the same for the same seed. `uncachedTokens` of the prompt are computed
 * before the first token; each gap is the longer the more `sequences()` run when it begins.
 */
export function paceOf(
  options: PaceOptions,
  index: number,
  uncachedTokens: number,
  sequences: () => number = () => 0,
): Pace {
  const { seed, ttftMs, ttftDistribution, itlMs, itlDistribution, jitter } = options
  const prefillMs = (uncachedTokens * options.prefillUsPerToken) / 1000
  const perSequenceMs = options.itlUsPerSequence / 1000
  const drawItl = generatorAt(seed, 'sim-itl', index)
  return {
    firstTokenMs: drawMs(ttftDistribution, ttftMs, jitter, generatorAt(seed, 'sim-ttft', index)) + prefillMs,
    nextGapMs: () => drawMs(itlDistribution, itlMs, jitter, drawItl) + perSequenceMs * sequences(),
  }
}
