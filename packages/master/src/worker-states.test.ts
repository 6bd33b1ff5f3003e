import { expect, test } from 'vitest'
import { stateAfter, type WorkerState } from './worker-states.js'

const TYPES = [
  'hello',
  'ping',
  'heartbeat',
  'heard',
  'clock',
  'note',
  'warning',
  'preparing',
  'ready',
  'failed',
  'started',
  'delta',
  'requests',
  'frames',
  'leaving',
  'drained',
] as const

test.each<[WorkerState, string]>([
  ['connected', 'hello→joined'],
  ['joined', 'ping→joined heartbeat→joined heard→joined clock→joined note→joined warning→joined'],
  [
    'preparing',
    'ping→preparing heartbeat→preparing heard→preparing clock→preparing note→preparing warning→preparing preparing→preparing ready→ready failed→failed',
  ],
  [
    'ready',
    'ping→ready heartbeat→ready heard→ready clock→ready note→ready warning→ready started→running leaving→ready',
  ],
  [
    'running',
    'ping→running heartbeat→running heard→running clock→running note→running warning→running delta→running requests→running frames→running leaving→running drained→drained',
  ],
  ['drained', 'ping→drained heartbeat→drained heard→drained clock→drained note→drained warning→drained'],
  ['failed', 'ping→failed heartbeat→failed heard→failed clock→failed note→failed warning→failed'],
])('a worker that is %s may say %s, and nothing else', (state, allowed) => {
  const said = TYPES.map((type) => [type, stateAfter(state, type)] as const).filter(([, next]) => next !== null)
  expect(said.map(([type, next]) => `${type}→${next}`).join(' ')).toBe(allowed)
})
