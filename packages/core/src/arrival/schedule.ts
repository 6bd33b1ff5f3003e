import type { QpsDistribution } from '../plan.js'
import { uniformAt } from '../random.js'

/** What the arrival process of a run follows from. */
export interface ArrivalProcess {
  readonly seed: number
  /** Arrivals per second over all workers. */
  readonly qps: number
  readonly distribution: QpsDistribution
}

/**
 * Gap before arrival `index`, in mean gaps. A pure function, so every worker draws the same.
 * constant: 1; uniform: U(0, 2); exponential: Exp(1), a Poisson process.
 */
export function gapAt({ seed, distribution }: ArrivalProcess, index: number): number {
  switch (distribution) {
    case 'constant':
      return 1
    case 'uniform':
      return 2 * uniformAt(seed, 'arrivals', index)
    case 'exponential':
      return -Math.log(1 - uniformAt(seed, 'arrivals', index))
  }
}

export interface Arrival {
  /** Position in the run's global order. */
  readonly index: number
  /** Milliseconds after the start of the run. */
  readonly atMs: number
}

/** Which arrivals a worker takes: first, first + step, … */
export interface Stripe {
  readonly first: number
  readonly step: number
}

/**
 * The arrivals of one worker, endless and in order. All workers walk the same global process and
 * take their stripe of it, so the merged process is the same for any number of workers.
 * The constant process begins with an arrival at the start: n arrivals need exactly n gaps.
 */
export function* arrivals(process: ArrivalProcess, stripe: Stripe): Generator<Arrival, never> {
  const meanGapMs = 1000 / process.qps
  let position = process.distribution === 'constant' ? -1 : 0
  for (let index = 0; ; index++) {
    position += gapAt(process, index)
    if (index >= stripe.first && (index - stripe.first) % stripe.step === 0) yield { index, atMs: position * meanGapMs }
  }
}
