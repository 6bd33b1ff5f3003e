import type { Clock, Delta, StatsData } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { HEALTHY, statsData } from '../test/wire-worker.js'
import { DeltaLedger } from './delta-ledger.js'

/** The end of time: nothing lies ahead of it. */
const LATE: Clock = { nowMs: () => 1e12, wallMs: (ms) => ms }

const delta = (seq: number, answered = 1, untilMs = seq * 1000): Delta => ({
  type: 'delta',
  seq,
  untilMs,
  ramp: null,
  stages: [],
  measured: statsData({ answered }),
  users: 1,
  inFlight: 0,
  health: HEALTHY,
})

/** Starts at 0 and is measured from 2 s on. */
const TIMES = { startAtMs: 0, spawnedAtMs: 2000, measuredFromMs: 2000, endAtMs: Number.POSITIVE_INFINITY }

describe('a ledger', () => {
  test('counts every delta of every worker once, in any order', () => {
    const ledger = new DeltaLedger(LATE)
    for (const seq of [1, 2, 2, 1, 3]) ledger.accept('a', delta(seq, 10 * seq))
    for (const seq of [1, 3, 2]) ledger.accept('b', delta(seq, seq))
    expect(ledger.measured.counts.sent).toBe(60 + 6)
    expect(ledger.measured.histogram('total_latency').count).toBe(66)
    expect(ledger.accountOf('a')).toMatchObject({ deltas: 3, lastSeq: 3, untilMs: 3000 })
    expect(ledger.accountOf('a').counts.measured.sent).toBe(60)
    expect([...ledger.accountOf('b').missing]).toEqual([])
  })

  test('notices the numbers that did not come', () => {
    const ledger = new DeltaLedger(LATE)
    for (const seq of [2, 5]) ledger.accept('a', delta(seq))
    expect([...ledger.accountOf('a').missing]).toEqual([1, 3, 4])
    ledger.accept('a', delta(3))
    expect([...ledger.accountOf('a').missing]).toEqual([1, 4])
  })

  test('does not believe a number that cannot be', () => {
    const ledger = new DeltaLedger(LATE)
    expect(() => ledger.accept('a', delta(1_000_000))).toThrow('number 1000000 after number 0')
    for (let seq = 1000; seq <= 3000; seq += 1000) ledger.accept('a', delta(seq))
    expect(() => ledger.accept('a', delta(4000))).toThrow('number 4000 after number 3000')
    expect(ledger.accountOf('a').missing.size).toBe(2997)
  })

  test('keeps the rows of the ramp in the measured table, empty', () => {
    const ledger = new DeltaLedger(LATE)
    ledger.ramp.entry('GET', '/v1/models').log(5, 100)
    ledger.carryRowsOver()
    expect([...ledger.measured.entries].map(({ name, numRequests }) => [name, numRequests])).toEqual([
      ['/v1/models', 0],
    ])
  })

  test('has Locust’s current rate of a row: whole seconds from the start up to 3 s ago', () => {
    const ledger = new DeltaLedger(LATE)
    const startMs = 123_456
    ledger.startAt({ ...TIMES, startAtMs: startMs })
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

  test('takes a delta as a whole or not at all', () => {
    const ledger = new DeltaLedger(LATE)
    const stray: StatsData = { ...statsData({ failed: 1 }), entries: [] }
    expect(() => ledger.accept('a', { ...delta(1), ramp: statsData({ answered: 1 }), measured: stray })).toThrow(
      RangeError,
    )
    expect([ledger.sent, ledger.accountOf('a').lastSeq, ledger.history.points()]).toEqual([0, 0, []])
    ledger.accept('a', delta(1))
    expect(ledger.sent).toBe(1)
  })

  test('does not believe what is told of a time that is yet to come', () => {
    const ledger = new DeltaLedger({ ...LATE, nowMs: () => 10_000 })
    ledger.startAt(TIMES)
    ledger.accept('a', delta(1, 5, 1e15))
    expect(ledger.accountOf('a').untilMs).toBe(10_000)
    expect(ledger.history.points()).toMatchObject([{ fromS: 9, sentPerS: 5 }])
  })

  test('knows how a worker fared in the window, however long that was', () => {
    const ledger = new DeltaLedger(LATE)
    ledger.startAt(TIMES)
    const report = (seq: number, elu: number) => ledger.accept('a', { ...delta(seq), health: { ...HEALTHY, elu } })
    const within = (endMs: number) => ledger.accountOf('a').health.within({ phase: 'measured', endMs })
    report(1, 1)
    report(2, 0.9)
    report(3, 0.1)
    report(4, 0.3)
    expect(within(4000)).toMatchObject({ seconds: 2, eluSum: 0.4, eluMax: 0.3, busy: 0 })
    expect(within(3999)).toMatchObject({ seconds: 1, eluMax: 0.1 })
    expect(ledger.accountOf('a').health.within({ phase: 'ramp', endMs: 2000 })).toMatchObject({ seconds: 2, busy: 2 })
    ledger.endAt(4500)
    report(5, 1)
    report(6, 1)
    expect(within(4500)).toMatchObject({ seconds: 2, eluMax: 0.3 })
    expect(ledger.accountOf('a').health.latest?.elu).toBe(1)
  })
})
