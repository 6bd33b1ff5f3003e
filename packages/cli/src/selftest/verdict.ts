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
  const isClientsLimit = next?.outcome === 'beyond' || next?.outcome === 'failed'
  const verdict = isClientsLimit
    ? `On this host ${fleet} measures up to ${rate} tokens/s within ${LIMIT_MS} ms at p99; use --processes ${processes * 2} for more.`
    : `On this host ${fleet} measures at least ${rate} tokens/s within ${LIMIT_MS} ms at p99; the simulator could not send more.`
  return { measuresUpToTokensPerS: best.tokensPerS, verdict: verdict.replace('processes measures', 'processes measure') }
}
