import type { Log } from '@llmload/core'
import { expect, test } from 'vitest'
import { RefusalLog } from './refusal-log.js'

function refusals() {
  const lines: string[] = []
  const warn: Log['warn'] = (fields, message) => void lines.push(`${Object.values(fields).join(' ')} ${message}`)
  const clock = { aheadMs: 0, nowMs: () => clock.aheadMs, wallMs: (ms: number) => ms }
  const none = () => {}
  return { lines, clock, log: new RefusalLog(clock, { debug: none, info: none, error: none, warn }) }
}

test('who knocks often is logged once a second, with how often it was', () => {
  const { lines, clock, log } = refusals()
  for (let i = 0; i < 300; i++) log.add('10.0.0.1', 401, 'wrong token')
  log.add('10.0.0.2', 401, 'no token')
  clock.aheadMs = 1000
  log.add('10.0.0.1', 401, 'wrong token')
  expect(lines).toEqual([
    '10.0.0.1 401 a connection was turned away: wrong token',
    '10.0.0.2 401 a connection was turned away: no token',
    '10.0.0.1 401 a connection was turned away: wrong token (and 299 times since it was last logged)',
  ])
})

test('of a thousand addresses in a second no more are logged, and the next second there is room again', () => {
  const { lines, clock, log } = refusals()
  for (let i = 0; i < 100_000; i++) log.add(`10.0.${i >> 8}.${i & 255}`, 401, 'wrong token')
  expect(lines).toHaveLength(1000)
  clock.aheadMs = 1000
  log.add('10.9.9.9', 401, 'wrong token')
  expect(lines).toHaveLength(1001)
})
