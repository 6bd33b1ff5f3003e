import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '@llmload/core'
import { expect, onTestFinished, test } from 'vitest'
import { HealthMonitor } from './health-monitor.js'

const clock = systemClock()

function monitor(): HealthMonitor {
  const monitor = new HealthMonitor(clock)
  onTestFinished(() => monitor.close())
  return monitor
}

function block(ms: number): void {
  const untilMs = clock.nowMs() + ms
  while (clock.nowMs() < untilMs);
}

test.each([
  { story: 'in the midst of a second', afterMs: 50 },
  { story: 'right after a reading', afterMs: 0 },
])('a stall $story weighs by what it does to time stamps: half its square over the time', async ({ afterMs }) => {
  const health = monitor()
  await delay(50)
  const fromMs = clock.nowMs()
  health.read()
  if (afterMs > 0) await delay(afterMs)
  block(300)
  await delay(200)
  const { loopDelayMaxMs, stampDelayMs, elu } = health.read()
  const lengthMs = clock.nowMs() - fromMs
  expect(loopDelayMaxMs).toBeGreaterThanOrEqual(280)
  expect(stampDelayMs).toBeGreaterThan((0.9 * 280 ** 2) / 2 / lengthMs)
  expect(elu).toBeGreaterThan(0.3)
})

test('garbage collection is seen, once', async () => {
  const health = monitor()
  for (let i = 0; i < 200; i++) JSON.stringify(Array.from({ length: 20_000 }, (_, n) => `${n}`))
  await delay(50)
  const { gcMs, gcMaxMs } = health.read()
  expect(gcMaxMs).toBeGreaterThan(0)
  expect(gcMs).toBeGreaterThanOrEqual(gcMaxMs)
  expect(health.read()).toMatchObject({ gcMs: 0, gcMaxMs: 0 })
})

test('every reading is a number, even one right after another', () => {
  const health = monitor()
  for (let i = 0; i < 3; i++) {
    const { throttledMs, stealShare, ...numbers } = health.read()
    for (const value of [...Object.values(numbers), throttledMs ?? 0, stealShare ?? 0]) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThan(Number.POSITIVE_INFINITY)
    }
  }
})
