import { expect, test } from 'vitest'
import { stateAfter, type WorkerState } from './worker-states.js'

const TYPES = [
  'hello',
  'ping',
  'heartbeat',
  'warning',
  'preparing',
  'ready',
  'failed',
  'started',
  'delta',
  'drained',
] as const

test.each<[WorkerState, string]>([
  ['connected', 'hello→joined'],
  ['joined', 'ping→joined heartbeat→joined warning→joined'],
  ['preparing', 'ping→preparing heartbeat→preparing warning→preparing preparing→preparing ready→ready failed→failed'],
  ['ready', 'ping→ready heartbeat→ready warning→ready started→running'],
  ['running', 'ping→running heartbeat→running warning→running delta→running drained→drained'],
  ['drained', 'ping→drained heartbeat→drained warning→drained'],
  ['failed', 'ping→failed heartbeat→failed warning→failed'],
  ['gone', 'ping→gone heartbeat→gone warning→gone'],
])('a worker that is %s may say %s, and nothing else', (state, allowed) => {
  const said = TYPES.map((type) => [type, stateAfter(state, type)] as const).filter(([, next]) => next !== null)
  expect(said.map(([type, next]) => `${type}→${next}`).join(' ')).toBe(allowed)
})
