import type { Signals } from '../exit.js'
import { type Fleet, reported } from './ladder.js'
import { measuredRun } from './measured-run.js'
import type { PacingStep } from './result.js'

const RATES_PER_S = [1, 10, 100, 500, 1000, 2000]

/** Answers are short, so that pacing is what there is to do. */
const TRUE_TTFT_MS = 5
const TRUE_ITL_MS = 1
const ANSWER_TOKENS = 2
/** Users for answers that take so long: far more than they do, or waiting for a free user would be measured. */
const USERS_FOR_S = 0.5
const MIN_USERS = 10
/** Stamps are the ladder's concern. */
const ANSWERS_PER_SAMPLE = 1000

/** Sends at each rate and reads how late the requests left. */
export async function paceAll(
  { workers, simulators, seconds }: Fleet,
  maxRatePerS: number,
  signals: Signals,
  onStep: (step: PacingStep) => void,
): Promise<readonly PacingStep[]> {
  const steps: PacingStep[] = []
  for (const ratePerS of RATES_PER_S.filter((rate) => rate <= maxRatePerS)) {
    const users = MIN_USERS + Math.ceil(ratePerS * USERS_FOR_S)
    const lengths = ['--prompt-tokens', '64', '--max-tokens', `${ANSWER_TOKENS}`]
    const flags = ['--qps', `${ratePerS}`, '--users', `${users}`, '--spawn-rate', `${users}`, ...lengths]
    const pace = {
      ttftMs: TRUE_TTFT_MS,
      itlMs: TRUE_ITL_MS,
      processes: simulators,
      answersPerSample: ANSWERS_PER_SAMPLE,
    }
    const { report } = await measuredRun({ ...pace, flags, seconds, workers }, signals)
    const { requests, metrics } = report
    const step = { ratePerS, sentPerS: requests.sentPerSecond, lagMs: reported(metrics.schedule_lag) }
    steps.push(step)
    onStep(step)
  }
  return steps
}
