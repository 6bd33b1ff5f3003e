import type { QpsDistribution } from '../plan.js'
import { type Draws, streamOf } from '../random.js'

/** What the shape of an arrival process follows from; its rate is a RateCurve. */
export interface ArrivalProcess {
  readonly seed: number
  readonly distribution: QpsDistribution
  /** Shape of the gaps of `gamma`. */
  readonly burstiness: number
}

/**
 * The gaps before the arrivals of a process by index, in mean gaps. They follow from seed and index
 * alone, so every worker draws the same. constant: 1; uniform: U(0, 2); exponential: Exp(1), a Poisson
 * process; gamma: Gamma(shape = burstiness, scale = 1 / burstiness), as vLLM's --burstiness has it.
 */
export function gapsOf({ seed, distribution, burstiness }: ArrivalProcess): (index: number) => number {
  const draws = streamOf(seed, 'arrivals')
  switch (distribution) {
    case 'constant':
      return () => 1
    case 'uniform':
      return (index) => 2 * draws(index)()
    case 'exponential':
      return (index) => -Math.log(1 - draws(index)())
    case 'gamma':
      return (index) => gamma(burstiness, draws(index)) / burstiness
  }
}

/**
 * A draw of Gamma(shape, 1). G. Marsaglia, W. W. Tsang, A simple method for generating gamma
 * variables, ACM TOMS 26 (2000); below a shape of 1 by their boost, Gamma(shape + 1) · U^(1 / shape).
 */
function gamma(shape: number, uniform: Draws): number {
  if (shape < 1) return gamma(shape + 1, uniform) * (1 - uniform()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(uniform)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v
  }
}

/** A standard normal draw, by Box and Muller. */
const normal = (uniform: Draws): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
