import { type Clock, systemClock } from '@llmload/core'
import { afterEach, describe, expect, test } from 'vitest'
import { PreciseWakeUp } from './precise-wake-up.js'

const clock: Clock = systemClock()
const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Wakes up at instants `everyMs` apart; returns how late each was. */
function lateness(count: number, everyMs: number): Promise<number[]> {
  return new Promise((resolve) => {
    const startMs = clock.nowMs()
    const lateMs: number[] = []
    const wakeUp = new PreciseWakeUp(clock, () => {
      lateMs.push(clock.nowMs() - (startMs + everyMs * (lateMs.length + 1)))
      if (lateMs.length === count) resolve(lateMs)
      else wakeUp.at(startMs + everyMs * (lateMs.length + 1))
    })
    closers.push(() => wakeUp.close())
    wakeUp.at(startMs + everyMs)
  })
}

describe('PreciseWakeUp', () => {
  test('wakes up at each instant, once and never early', async () => {
    const lateMs = await lateness(100, 3)
    expect(lateMs).toHaveLength(100)
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0)
  })

  test('an instant in the past is due at once', async () => {
    await new Promise<void>((resolve) => {
      const wakeUp = new PreciseWakeUp(clock, resolve)
      closers.push(() => wakeUp.close())
      wakeUp.at(clock.nowMs() - 5)
    })
  })

  test('a new instant replaces the last, an earlier one too; a cancelled one never comes', async () => {
    const startMs = clock.nowMs()
    let woken = 0
    const wakeUp = new PreciseWakeUp(clock, () => woken++)
    closers.push(() => wakeUp.close())
    wakeUp.at(startMs + 60_000)
    wakeUp.at(startMs + 20)
    await lateness(1, 40)
    expect(woken).toBe(1)
    wakeUp.at(clock.nowMs() + 10)
    wakeUp.cancel()
    await lateness(1, 40)
    expect(woken).toBe(1)
  })
})
