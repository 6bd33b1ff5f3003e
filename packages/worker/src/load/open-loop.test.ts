import type { Clock } from '@llmload/core'
import { systemClock } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { OpenLoop } from './open-loop.js'

interface Sent {
  readonly intendedMs: number
  readonly atMs: number
  readonly late: boolean
}

function openLoop(qps: number, onSend: (sent: Sent[]) => void = () => {}) {
  const clock: Clock = systemClock()
  const startMs = clock.nowMs()
  const sent: Sent[] = []
  const loop = new OpenLoop({
    clock,
    process: { seed: 1, qps, distribution: 'constant' },
    stripe: { first: 0, step: 1 },
    startMs,
    send: (intendedMs, late) => {
      sent.push({ intendedMs: intendedMs - startMs, atMs: clock.nowMs() - startMs, late })
      onSend(sent)
    },
  })
  return { loop, sent, clock, startMs }
}

describe('OpenLoop', () => {
  test('with users enough, arrivals go out on schedule, never early and not marked late', async () => {
    const sent = await new Promise<Sent[]>((resolve) => {
      const { loop } = openLoop(200, (list) => {
        if (list.length === 20) {
          loop.stop()
          resolve(list)
        }
      })
      for (let user = 0; user < 30; user++) loop.userStarted()
    })
    expect(sent.map(({ intendedMs }) => Math.round(intendedMs))).toEqual(Array.from({ length: 20 }, (_, i) => i * 5))
    for (const { intendedMs, atMs, late } of sent) {
      expect(atMs).toBeGreaterThanOrEqual(intendedMs)
      expect(late).toBe(false)
    }
  })

  test('an arrival that finds no free user waits for one, keeps its place, and is late', async () => {
    const { loop, sent, clock, startMs } = openLoop(100)
    loop.userStarted()
    await new Promise((resolve) => setTimeout(resolve, 35))
    const freedMs = clock.nowMs() - startMs
    loop.userFree()
    loop.userFree()
    loop.stop()
    expect(sent.map(({ late }) => late)).toEqual([false, true, true])
    expect(sent.map(({ intendedMs }) => Math.round(intendedMs))).toEqual([0, 10, 20])
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(freedMs)
  })

  test('tells what was due in the window and never sent', () => {
    const { loop, startMs } = openLoop(10)
    loop.userStarted() // takes the arrival at 0; 100, 200, … 900 ms are left
    loop.stop()
    const dueMs = loop.takeUnsent(startMs + 500, startMs + 1000).map((atMs) => Math.round(atMs - startMs))
    expect(dueMs).toEqual([500, 600, 700, 800, 900])
  })

  test('after stop nothing is sent', () => {
    const { loop, sent } = openLoop(1000)
    loop.stop()
    loop.userFree()
    expect(sent).toEqual([])
  })

  test('arrivals that are due all at once go out a few in each turn of the event loop, in their order', async () => {
    let turn = 0
    const count = () => {
      turn++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    const turns = new Map<number, number>()
    const sent = await new Promise<Sent[]>((resolve) => {
      const { loop } = openLoop(1e9, (list) => {
        turns.set(turn, (turns.get(turn) ?? 0) + 1)
        if (list.length < 100) return
        loop.stop()
        resolve(list)
      })
      for (let user = 0; user < 100; user++) loop.userStarted()
    })
    clearImmediate(counting)
    expect(Math.max(...turns.values())).toBeLessThanOrEqual(16)
    expect(sent).toHaveLength(100)
    expect(sent.map(({ intendedMs }) => intendedMs)).toEqual(
      sent.map(({ intendedMs }) => intendedMs).toSorted((a, b) => a - b),
    )
  })
})
