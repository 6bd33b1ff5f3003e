import { generatorAt, systemClock } from '@llmload/core'
import { afterEach, describe, expect, test } from 'vitest'
import { DueHeap } from './due-heap.js'
import { Scheduler } from './scheduler.js'

const clock = systemClock()
let scheduler = new Scheduler(clock)
afterEach(() => {
  scheduler.close()
  scheduler = new Scheduler(clock)
})

/** Resolves with the instant at which a task ran. */
const runAt = (dueMs: number) =>
  new Promise<number>((resolve) => scheduler.add({ dueMs, run: () => resolve(clock.nowMs()) }))

describe('the heap', () => {
  test('gives tasks in the order of their due times, in whatever order they came', () => {
    const heap = new DueHeap()
    const draw = generatorAt(1, 'heap-test', 0)
    const dues: number[] = []
    for (let i = 0; i < 1000; i++) {
      heap.add({ dueMs: Math.floor(draw() * 300), run: () => undefined })
      // Some leave while others still come.
      if (i % 3 === 0) dues.push(heap.take()?.dueMs ?? Number.NaN)
    }
    const afterwards: number[] = []
    for (let task = heap.take(); task !== undefined; task = heap.take()) afterwards.push(task.dueMs)
    expect(dues).toHaveLength(334)
    expect(afterwards).toHaveLength(666)
    expect(afterwards).toEqual([...afterwards].sort((a, b) => a - b))
    expect(heap.first).toBeUndefined()
  })
})

describe('the scheduler', () => {
  test('runs no task early, and most within a millisecond of their instant', async () => {
    const startMs = clock.nowMs()
    const dues = Array.from({ length: 60 }, (_, i) => startMs + 5 + i * 3.3)
    const lateMs = await Promise.all(dues.map(async (dueMs) => (await runAt(dueMs)) - dueMs))
    expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0)
    expect(lateMs.filter((ms) => ms < 1).length).toBeGreaterThan(30)
    expect(scheduler.latenessUs.count).toBe(60)
  })

  test('wakes for a task that is due before the one it waits for', async () => {
    const startMs = clock.nowMs()
    void runAt(startMs + 60_000)
    expect((await runAt(startMs + 10)) - startMs).toBeLessThan(1000)
  })

  test('lets sockets be read between the tasks of a backlog', async () => {
    let passes = 0
    let read = false
    setImmediate(() => {
      read = true
    })
    await new Promise<void>((resolve) => {
      const task = {
        dueMs: clock.nowMs(),
        run: () => {
          passes++
          task.dueMs = clock.nowMs()
          if (read) resolve()
          else scheduler.add(task)
        },
      }
      scheduler.add(task)
    })
    expect(passes).toBeLessThan(1000)
  })

  test('forgets its tasks when it is closed, and takes no more', async () => {
    let ran = false
    const task = { dueMs: clock.nowMs(), run: () => (ran = true) }
    scheduler.add(task)
    scheduler.close()
    scheduler.add(task)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(ran).toBe(false)
  })
})
