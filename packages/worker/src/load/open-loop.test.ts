import type { Clock } from '@llmload/core'
import { OwnArrivals, RateCurve, Shares, systemClock } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { OpenLoop, type OpenLoopOptions } from './open-loop.js'

interface Sent {
  readonly index: number
  readonly intendedMs: number
  readonly atMs: number
  readonly late: boolean
}

type Means = Partial<Pick<OpenLoopOptions, 'maySend' | 'missed'>>

function openLoop(qps: number, onSend: (sent: Sent[]) => void = () => {}, means: Means = {}) {
  const clock: Clock = systemClock()
  const startMs = clock.nowMs()
  const sent: Sent[] = []
  const busy: (() => void)[] = []
  const rate = new RateCurve([{ fromMs: 0, qpsFrom: qps, qpsTo: qps }])
  const shares = new Shares([{ epoch: 0, fromMs: 0, share: { index: 0, count: 1 } }])
  const loop = new OpenLoop({
    clock,
    arrivals: new OwnArrivals({ seed: 1, distribution: 'constant', burstiness: 1 }, rate, shares),
    startMs,
    maySend: () => true,
    missed: () => {},
    send: ({ index, intendedMs, late }, free) => {
      sent.push({ index, intendedMs: intendedMs - startMs, atMs: clock.nowMs() - startMs, late })
      busy.push(free)
      onSend(sent)
    },
    ...means,
  })
  /** The longest busy user has its answer. */
  const free = (): void => busy.shift()?.()
  return { loop, sent, clock, startMs, shares, free }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

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
    const { loop, sent, clock, startMs, free } = openLoop(100)
    loop.userStarted()
    await sleep(35)
    const freedMs = clock.nowMs() - startMs
    free()
    free()
    loop.stop()
    expect(sent.map(({ late }) => late)).toEqual([false, true, true])
    expect(sent.map(({ intendedMs }) => Math.round(intendedMs))).toEqual([0, 10, 20])
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(freedMs)
  })

  test('tells what was due until an instant and never sent', () => {
    const { loop, startMs } = openLoop(10)
    loop.userStarted() // takes the arrival at 0
    loop.stop()
    const dueMs = [...loop.unsent(startMs + 500)].map((atMs) => Math.round(atMs - startMs))
    expect(dueMs).toEqual([100, 200, 300, 400])
  })

  test('after stop nothing is sent', () => {
    const { loop, sent, free } = openLoop(1000)
    loop.userStarted()
    loop.stop()
    free()
    expect(sent).toHaveLength(1)
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
      const { loop, clock } = openLoop(1e9, (list) => {
        turns.set(turn, (turns.get(turn) ?? 0) + 1)
        const untilMs = clock.nowMs() + 0.1
        while (clock.nowMs() < untilMs) {
          // A request costs something.
        }
        if (list.length < 100) return
        loop.stop()
        resolve(list)
      })
      for (let user = 0; user < 100; user++) loop.userStarted()
    })
    clearImmediate(counting)
    // A quarter of a millisecond in each turn, and the request that it ends in.
    expect(Math.max(...turns.values())).toBeLessThanOrEqual(3)
    expect(sent).toHaveLength(100)
    expect(sent.map(({ intendedMs }) => intendedMs)).toEqual(
      sent.map(({ intendedMs }) => intendedMs).toSorted((a, b) => a - b),
    )
  })

  test('a user that retires while it is busy takes no arrival any more', async () => {
    const { loop, sent, free } = openLoop(100)
    loop.userStarted()
    loop.userStarted()
    await sleep(35) // 0 and 10 ms are under way, 20 and 30 wait
    loop.userRetires()
    free()
    expect(sent).toHaveLength(2)
    free()
    expect(sent).toHaveLength(3)
    loop.stop()
  })

  test('what is due while it may not load is missed, and not sent afterwards', async () => {
    let maySend = false
    const missed: number[] = []
    const { loop, sent, startMs } = openLoop(100, () => {}, {
      maySend: () => maySend,
      missed: (intendedMs) => missed.push(Math.round(intendedMs - startMs)),
    })
    for (let user = 0; user < 10; user++) loop.userStarted()
    await sleep(35)
    expect(missed).toEqual([])
    maySend = true
    loop.lapsed(startMs, startMs + 35)
    loop.resume()
    expect(missed).toEqual([0, 10, 20, 30])
    await sleep(30)
    loop.stop()
    expect(sent[0]?.index).toBe(4)
    expect(sent.every(({ late }) => !late)).toBe(true)
  })

  test('what others did meanwhile is not missed, and what was due before is sent late', async () => {
    let maySend = true
    const missed: number[] = []
    const { loop, sent, startMs, shares, free } = openLoop(100, () => {}, {
      maySend: () => maySend,
      missed: (intendedMs) => missed.push(Math.round(intendedMs - startMs)),
    })
    loop.userStarted() // sends the arrival at 0, and is busy
    await sleep(15)
    maySend = false // from 15 ms on
    await sleep(50)
    shares.add({ epoch: 1, fromMs: 35, share: null })
    shares.add({ epoch: 2, fromMs: 55, share: { index: 0, count: 1 } })
    loop.changed()
    loop.lapsed(startMs + 15, startMs + 65)
    maySend = true
    free()
    free()
    expect(sent.slice(0, 2).map(({ index }) => index)).toEqual([0, 1])
    loop.userStarted()
    expect(missed).toEqual([20, 30, 60])
    loop.stop()
  })

  test('what is not asked for is not missed, and nothing of it is sent', async () => {
    let maySend = false
    const missed: number[] = []
    const { loop, sent, startMs } = openLoop(100, () => {}, { maySend: () => maySend, missed: (ms) => missed.push(ms) })
    loop.userStarted()
    await sleep(25)
    loop.passOver(startMs + 25)
    maySend = true
    loop.resume()
    await sleep(15)
    loop.stop()
    expect([sent.map(({ index }) => index), missed]).toEqual([[3], []])
  })
})
