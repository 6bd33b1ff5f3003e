import type { LoadPlan } from '../plan.js'
import type { Problem } from './option.js'
import type { Values } from './options.js'

/** The load that the options ask for. */
export function loadOf(values: Values): LoadPlan {
  const { stages } = values
  const first = stages?.[0]
  const timeS = values['ramping-time']
  return {
    users: first?.users?.from ?? values.users ?? 1,
    spawnRate: values['spawn-rate'],
    qps: first?.qps?.from ?? values.qps,
    ...gapsOf(values),
    burstPeriodS: values.burst,
    ramping: timeS === null ? null : { timeS, warmupS: values['ramping-warmup-time'] },
    stages: stages ?? [],
    warmupS: values.warmup,
    runTimeS: stages ? lengthOf(stages) : values['run-time'],
    maxRequests: values['max-requests'],
    stopTimeoutS: values['stop-timeout'],
    timeoutS: values.timeout === 0 ? null : values.timeout,
    progressTimeoutS: values['progress-timeout'],
    tokenTimeoutS: values['token-timeout'] === 0 ? null : values['token-timeout'],
  }
}

/** As vLLM, --burstiness alone selects gamma. With inf, what gamma gaps tend to: all alike. */
function gapsOf(values: Values): Pick<LoadPlan, 'qpsDistribution' | 'burstiness'> {
  const { burstiness } = values
  if (burstiness === Number.POSITIVE_INFINITY) return { qpsDistribution: 'constant', burstiness: 1 }
  const qpsDistribution = values['qps-distribution'] ?? (burstiness === null ? 'constant' : 'gamma')
  return { qpsDistribution, burstiness: burstiness ?? 1 }
}

/** To the microsecond, as 0.1 + 0.2 s are 0.3 s. */
const lengthOf = (stages: LoadPlan['stages']): number =>
  Math.round(stages.reduce((sum, { durationS }) => sum + durationS, 0) * 1e6) / 1e6

/** Options of the load that are fine alone, but not together; `typed` gives an option as a person wrote it. */
export function loadContradictions(values: Values, typed: (name: keyof Values) => string): Problem[] {
  const problems: Problem[] = []
  const exclude = (one: keyof Values, other: keyof Values, hint: string): void => {
    if (values[one] === null || values[other] === null) return
    problems.push({ message: `${typed(one)} and ${typed(other)} exclude each other`, hint })
  }
  exclude('burst', 'qps', '--burst paces each user by itself, --qps all of them by one schedule')
  exclude('burst', 'ramping-time', '--burst needs all users from the start')
  exclude('ramping-time', 'qps', 'a ramp of the rate is --stages 10s:qps=1..20,…')
  exclude('ramping-time', 'stages', 'a ramp of users is --stages 10s:users=1..50,…')
  if (values['ramping-time'] !== null && values.users === null) {
    problems.push({
      message: `${typed('ramping-time')} needs ${typed('users')}`,
      hint: 'they are what the ramp leads to',
    })
  }
  const { burstiness } = values
  const distribution = values['qps-distribution']
  if (burstiness !== null && distribution !== null && distribution !== 'gamma') {
    problems.push({
      message: `${typed('burstiness')} is of gamma gaps, not of ${typed('qps-distribution')} ${distribution}`,
      hint: '--burstiness alone selects gamma',
    })
  }
  if (burstiness !== null && !isRated(values)) {
    problems.push({
      message: `${typed('burstiness')} needs ${typed('qps')}, or stages with a rate`,
      hint: 'without a rate users send when they have their answer',
    })
  }
  return [...problems, ...stageContradictions(values, typed)]
}

function stageContradictions(values: Values, typed: (name: keyof Values) => string): Problem[] {
  const { stages } = values
  if (stages === null) return []
  const problems: Problem[] = []
  const runTimeS = values['run-time']
  if (runTimeS !== null && runTimeS !== lengthOf(stages)) {
    problems.push({
      message: `${typed('run-time')} is ${runTimeS} s, but ${typed('stages')} last ${lengthOf(stages)} s together`,
      hint: 'leave --run-time out: the stages say how long the run is',
    })
  }
  const someRated = stages.some(({ qps }) => qps !== null)
  if (values.burst !== null && someRated) {
    problems.push({
      message: `${typed('burst')} and the rates of ${typed('stages')} exclude each other`,
      hint: '--burst paces each user by itself; stages of users go with it',
    })
  }
  if (someRated && !isRated(values)) {
    problems.push({
      message: `${typed('stages')} must say a rate for the first stage too, if for any`,
      hint: 'or give --qps, which holds until a stage says another',
    })
  }
  return problems
}

const isRated = ({ qps, stages }: Values): boolean => qps !== null || (stages?.[0]?.qps ?? null) !== null
