import type { Delta } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { statsData } from '../test/wire-worker.js'
import { DeltaLedger } from './delta-ledger.js'

const delta = (seq: number, answered = 1, untilMs = seq * 1000): Delta => ({
  type: 'delta',
  seq,
  untilMs,
  ramp: null,
  measured: statsData({ answered }),
  users: 1,
  inFlight: 0,
  health: {
    ...{ elu: 0, stampDelayMs: 0, loopDelayP99Ms: 0, loopDelayMaxMs: 0, gcMs: 0, gcMaxMs: 0 },
    ...{ cpuCores: 0, throttledMs: null, stealShare: null, rssBytes: 0, memoryLimitBytes: 1e9 },
  },
})

describe('a ledger', () => {
  test('counts every delta of every worker once, in any order', () => {
    const ledger = new DeltaLedger()
    for (const seq of [1, 2, 2, 1, 3]) ledger.accept('a', delta(seq, 10 * seq))
    for (const seq of [1, 3, 2]) ledger.accept('b', delta(seq, seq))
    expect(ledger.measured.counts.sent).toBe(60 + 6)
    expect(ledger.measured.histogram('total_latency').count).toBe(66)
    expect(ledger.accountOf('a')).toMatchObject({ deltas: 3, lastSeq: 3, untilMs: 3000 })
    expect(ledger.accountOf('a').counts.measured.sent).toBe(60)
    expect([...ledger.accountOf('b').missing]).toEqual([])
  })

  test('notices the numbers that did not come', () => {
    const ledger = new DeltaLedger()
    for (const seq of [2, 5]) ledger.accept('a', delta(seq))
    expect([...ledger.accountOf('a').missing]).toEqual([1, 3, 4])
    ledger.accept('a', delta(3))
    expect([...ledger.accountOf('a').missing]).toEqual([1, 4])
  })

  test('does not believe a number that cannot be', () => {
    const ledger = new DeltaLedger()
    expect(() => ledger.accept('a', delta(1_000_000))).toThrow('number 1000000 after number 0')
  })

  test('keeps the rows of the ramp in the measured table, empty', () => {
    const ledger = new DeltaLedger()
    ledger.ramp.entry('GET', '/v1/models').log(5, 100)
    ledger.carryRowsOver()
    expect([...ledger.measured.entries].map(({ name, numRequests }) => [name, numRequests])).toEqual([
      ['/v1/models', 0],
    ])
  })

  test('has Locust’s current rate of a row: whole seconds from the start up to 3 s ago', () => {
    const ledger = new DeltaLedger()
    const startMs = 123_456
    ledger.startAt(startMs)
    for (const seq of [1, 2, 3, 4, 5]) ledger.accept('a', delta(seq, 4 * seq, startMs + seq * 1000 + 3))
    const row = { method: 'POST', name: '/v1/completions' }
    const rateAt = (ms: number): number => ledger.rates.measured.of(row, startMs + ms, startMs).reqPerS
    expect(rateAt(2900)).toBe(0)
    expect(rateAt(3000)).toBe(4)
    expect(rateAt(5500)).toBe((4 + 8 + 12) / 3)
    expect(ledger.rates.measured.of({ method: 'GET', name: '/v1/models' }, startMs + 5500, startMs)).toEqual({
      reqPerS: 0,
      failPerS: 0,
    })
  })
})
