import { LIMIT_MS } from './ladder.js'
import type { LadderStep } from './result.js'

/** The largest rate that was measured within the limit, and what it means, in one sentence. */
export function verdictOf(
  ladder: readonly LadderStep[],
  processes: number,
): { measuresUpToTokensPerS: number | null; verdict: string } {
  const fleet = processes === 1 ? 'one worker process' : `${processes} worker processes`
  const best = ladder.findLast(({ outcome }) => outcome === 'within')
  if (best === undefined) {
    const verdict = `On this host ${fleet} cannot keep ${ladder[0]?.streams ?? 0} streams within ${LIMIT_MS} ms at p99: it is too busy or too slow to measure from.`
    return { measuresUpToTokensPerS: null, verdict }
  }
  const rate = Math.floor(best.tokensPerS).toLocaleString('en')
  const next = ladder.find(({ streams }) => streams > best.streams)
  const measures = processes === 1 ? 'measures' : 'measure'
  const verdict = `On this host ${fleet} ${measures} ${boundOf(next, processes, rate)}.`
  return { measuresUpToTokensPerS: best.tokensPerS, verdict }
}

/** What the load above the best one says of it. */
function boundOf(next: LadderStep | undefined, processes: number, rate: string): string {
  const within = `${rate} tokens/s within ${LIMIT_MS} ms at p99`
  if (next === undefined) return `at least ${within}; more was not tried`
  if (next.outcome === 'simulator') return `at least ${within}; the simulator could not send more`
  return `up to ${within}; use --processes ${processes * 2} for more`
}
