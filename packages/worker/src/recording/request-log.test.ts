import { MAX_REQUESTS_PER_MESSAGE, outcomeOf, type RequestBatch, type RequestOutcome, Timeline } from '@llmload/core'
import { expect, test } from 'vitest'
import { RequestLog } from './request-log.js'

const outcome = (index: number): RequestOutcome =>
  outcomeOf(new Timeline(index, null), { startMs: 0, phase: 'measured', tokenizerTokens: null })

/** A log whose connection is free as long as the test says so, and what it has sent. */
function logTo(connection: { free: boolean }): { log: RequestLog; sent: RequestBatch[]; add: (n: number) => void } {
  const sent: RequestBatch[] = []
  const log = new RequestLog({ send: (batch) => sent.push(batch), isFree: () => connection.free })
  let index = 0
  const add = (n: number): void => {
    for (let i = 0; i < n; i++) log.add(outcome(index++))
  }
  return { log, sent, add }
}

const shape = ({ seq, delta, requests, dropped }: RequestBatch) => [seq, delta, requests.length, dropped]

test('requests go with the delta that counts them, in numbered batches of limited size', () => {
  const { log, sent, add } = logTo({ free: true })
  add(2)
  log.flush(1)
  log.flush(2)
  add(MAX_REQUESTS_PER_MESSAGE + 1)
  log.flush(3)
  add(1)
  log.finish()
  expect(sent.map(shape)).toEqual([
    [1, 1, 2, 0],
    [2, 3, MAX_REQUESTS_PER_MESSAGE, 0],
    [3, 3, 1, 0],
    [4, 4, 1, 0],
  ])
  expect(sent.flatMap(({ requests }) => requests.map(({ index }) => index))).toEqual(
    Array.from({ length: MAX_REQUESTS_PER_MESSAGE + 4 }, (_, i) => i),
  )
})

test('they wait while the connection is full, and keep the number of their delta', () => {
  const connection = { free: false }
  const { log, sent, add } = logTo(connection)
  add(1)
  log.flush(1)
  add(1)
  log.flush(2)
  expect(sent).toEqual([])
  connection.free = true
  log.flush(3)
  expect(sent.map(shape)).toEqual([
    [1, 1, 1, 0],
    [2, 2, 1, 0],
  ])
})

test('what there is no room for is left out, and counted', () => {
  const { log, sent, add } = logTo({ free: false })
  add(50_010)
  log.flush(1)
  log.finish()
  const total = (of: (batch: RequestBatch) => number): number => sent.map(of).reduce((a, b) => a + b)
  expect(total(({ requests }) => requests.length)).toBe(50_000)
  expect(total(({ dropped }) => dropped)).toBe(10)
})
