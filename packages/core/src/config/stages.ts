import { type Levels, MAX_QPS, MAX_STAGES, MAX_USERS, type Stage } from '../plan.js'
import { decimal, integer, span, type ValueType } from './values.js'

const EXPECTED = `at most ${MAX_STAGES} stages like 1m:qps=5,2m:qps=5..20/users=100`

const LEVEL_TYPES = { qps: decimal({ above: 0, max: MAX_QPS }), users: integer({ min: 1, max: MAX_USERS }) }

/** Parts of a run, in order: `DURATION:LEVELS,…`, levels being `qps=5` and `users=50`, held, or `5..20`, even from one to the other. */
export const stages: ValueType<readonly Stage[]> = {
  placeholder: 'STAGES',
  parse(text) {
    const parsed = text.split(',').map((part) => stageOf(part.trim()))
    const isComplete = parsed.length <= MAX_STAGES && parsed.every((stage) => stage !== null)
    return isComplete ? { value: parsed } : { expected: EXPECTED }
  },
}

function stageOf(text: string): Stage | null {
  const [duration = '', levels = '', ...rest] = text.split(':')
  const durationS = readBy(span({ above: 0 }), duration)
  if (durationS === null || rest.length > 0) return null
  const stage: { durationS: number; qps: Levels | null; users: Levels | null } = { durationS, qps: null, users: null }
  for (const level of levels.split('/')) {
    const [name = '', range = '', ...more] = level.split('=')
    if ((name !== 'qps' && name !== 'users') || stage[name] !== null || more.length > 0) return null
    stage[name] = levelsOf(LEVEL_TYPES[name], range)
    if (stage[name] === null) return null
  }
  return stage
}

function levelsOf(type: ValueType<number>, text: string): Levels | null {
  const [first = '', second = first, ...more] = text.split('..')
  const from = readBy(type, first)
  const to = readBy(type, second)
  return from === null || to === null || more.length > 0 ? null : { from, to }
}

function readBy<T>(type: ValueType<T>, text: string): T | null {
  const parsed = type.parse(text)
  return 'value' in parsed ? parsed.value : null
}
