import { expect, test } from 'vitest'
import { stateAfter, type WorkerState } from './worker-states.js'

const TYPES = [
  'hello',
  'ping',
  'heartbeat',
  'note',
  'warning',
  'preparing',
  'ready',
  'failed',
  'started',
  'delta',
  'requests',
  'frames',
  'drained',
] as const

test.each<[WorkerState, string]>([
  ['connected', 'hello→joined'],
  ['joined', 'ping→joined heartbeat→joined note→joined warning→joined'],
  [
    'preparing',
    'ping→preparing heartbeat→preparing note→preparing warning→preparing preparing→preparing ready→ready failed→failed',
  ],
  ['ready', 'ping→ready heartbeat→ready note→ready warning→ready started→running'],
  [
    'running',
    'ping→running heartbeat→running note→running warning→running delta→running requests→running frames→running drained→drained',
  ],
  ['drained', 'ping→drained heartbeat→drained note→drained warning→drained'],
  ['failed', 'ping→failed heartbeat→failed note→failed warning→failed'],
  ['gone', 'ping→gone heartbeat→gone note→gone warning→gone'],
])('a worker that is %s may say %s, and nothing else', (state, allowed) => {
  const said = TYPES.map((type) => [type, stateAfter(state, type)] as const).filter(([, next]) => next !== null)
  expect(said.map(([type, next]) => `${type}→${next}`).join(' ')).toBe(allowed)
})
