import { type Clock, Shares, systemClock } from '@llmload/core'
import { expect, test } from 'vitest'
import { ClosedLoop, type ClosedLoopOptions } from './closed-loop.js'

const ALONE = { epoch: 0, fromMs: 0, share: { index: 0, count: 1 } }

/** Starts users; `sent(n)` resolves with the first n requests. The test answers them. */
function closedLoop(users: number, more: Partial<ClosedLoopOptions> = {}) {
  const clock: Clock = systemClock()
  const startMs = clock.nowMs()
  const requests: { readonly index: number; readonly atMs: number; readonly answer: () => void }[] = []
  let onRequest: () => void = () => {}
  const shares = new Shares([ALONE])
  const loop = new ClosedLoop({
    ...{ clock, startMs, shares, seed: 7, periodMs: 1, spreadMs: 0, maySend: () => true },
    send: ({ index }, answer) => {
      requests.push({ index, atMs: clock.nowMs() - startMs, answer })
      onRequest()
    },
    ...more,
  })
  for (let user = 0; user < users; user++) loop.userStarted(user)
  const sent = (count: number) =>
    new Promise<typeof requests>((resolve) => {
      onRequest = () => requests.length >= count && resolve(requests)
      onRequest()
    })
  return { loop, sent, requests, shares, clock, startMs }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('without a period a user sends again when it has its answer; first requests may be spread', async () => {
  const { loop, sent } = closedLoop(50, { periodMs: null, spreadMs: 1000 })
  const first = (await sent(50)).map(({ atMs }) => atMs)
  expect(first[0]).toBeLessThan(200)
  expect(first.at(-1)).toBeGreaterThan(800)
  const requests = await sent(50)
  requests[3]?.answer()
  expect(requests[50]?.index).toBe(50)
  loop.stop()
})

test('with a period all users send at once, and again a period after they did', async () => {
  const { loop, sent } = closedLoop(3, { periodMs: 60 })
  const requests = await sent(3)
  expect(requests.every(({ atMs }) => atMs < 40)).toBe(true)
  for (const { answer } of [...requests]) answer()
  const again = (await sent(6)).slice(3)
  for (const [i, { atMs }] of again.entries()) expect(atMs - (requests[i]?.atMs ?? 0)).toBeGreaterThanOrEqual(60)
  await sleep(70)
  again[0]?.answer() // later than its period: it sends at once
  expect(requests).toHaveLength(7)
  loop.stop()
})

test('users that may not load wait, and go on when they may', async () => {
  let maySend = false
  const { loop, requests } = closedLoop(4, { periodMs: 1, maySend: () => maySend })
  await sleep(20)
  expect(requests).toEqual([])
  loop.userRetires()
  maySend = true
  loop.resume()
  expect(requests).toHaveLength(3)
  loop.stop()
})

test('a user that retires finishes what it has in flight', async () => {
  const { loop, sent } = closedLoop(2)
  const requests = await sent(2)
  loop.userRetires()
  for (const { answer } of [...requests]) answer()
  await sent(3)
  await sleep(20)
  expect(requests).toHaveLength(3)
  loop.stop()
})

test('when it is stopped, answers that come afterwards start nothing', async () => {
  const { loop, sent } = closedLoop(2, { periodMs: 30 })
  const requests = await sent(2)
  loop.stop()
  for (const { answer } of [...requests]) answer()
  await sleep(60)
  expect(requests).toHaveLength(2)
})

test('requests of another epoch have indices of their own', async () => {
  const { loop, sent, shares, clock, startMs } = closedLoop(1, { periodMs: null })
  const requests = await sent(1)
  shares.add({ epoch: 1, fromMs: clock.nowMs() - startMs, share: { index: 2, count: 5 } })
  requests[0]?.answer()
  requests[1]?.answer()
  expect(requests.map(({ index }) => index)).toEqual([0, 2 ** 32 + 2, 2 ** 32 + 7])
  const ahead = loop.ahead()
  expect([ahead.next().value, ahead.next().value]).toEqual([2 ** 32 + 12, 2 ** 32 + 17])
  loop.stop()
})
