import { type Observation, RUN_CHECKS, WORKER_CHECKS } from './checks.js'
import type { RunFacts } from './facts.js'
import { LIMITS, type Limit, type ReasonCode } from './limits.js'

/** Whether the numbers of a run say something about the server: best first. */
export const VERDICTS = ['VALID', 'SUSPECT', 'INVALID'] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Reason {
  readonly code: ReasonCode
  /** What this reason alone makes of the run. */
  readonly verdict: Exclude<Verdict, 'VALID'>
  /** The worker it is about; null = the run as a whole. */
  readonly worker: string | null
  readonly observed: number
  /** The limit that was exceeded. */
  readonly limit: number
  readonly unit: Limit['unit']
  readonly message: string
  readonly hint: string
}

export interface Judgement {
  readonly verdict: Verdict
  readonly reasons: readonly Reason[]
}

/** Looks at the tool, not at the server: could what was measured be the fault of the client? Worst reasons first. */
export function judge(facts: RunFacts): Judgement {
  const observations = [
    ...facts.workers.flatMap((worker) => WORKER_CHECKS.map((check) => check(worker, facts))),
    ...RUN_CHECKS.map((check) => check(facts)),
  ]
  const reasons = observations.flatMap((observation) => reasonOf(observation) ?? [])
  return {
    verdict: reasons.some(isInvalid) ? 'INVALID' : reasons.length > 0 ? 'SUSPECT' : 'VALID',
    reasons: [...reasons.filter(isInvalid), ...reasons.filter((reason) => !isInvalid(reason))],
  }
}

const isInvalid = ({ verdict }: Reason): boolean => verdict === 'INVALID'

function reasonOf(observation: Observation): Reason | null {
  const { suspect, invalid, unit, hint }: Limit = LIMITS[observation.code]
  const { observed } = observation
  if (invalid !== null && observed > invalid) return { ...observation, verdict: 'INVALID', limit: invalid, unit, hint }
  if (suspect !== null && observed > suspect) return { ...observation, verdict: 'SUSPECT', limit: suspect, unit, hint }
  return null
}
