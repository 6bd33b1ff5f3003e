import { generatorAt } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { Batch, type Seat } from './batch.js'
import { DueHeap } from './due-heap.js'

interface Job {
  readonly arrivalMs: number
  readonly serviceMs: number
  readonly sequences?: number
}

/** Runs jobs, in the order of their arrival, through a batch; returns when each started. */
function startsOf(jobs: readonly Job[], maxSequences: number): number[] {
  const batch = new Batch(maxSequences)
  const starts: number[] = []
  const departures = new DueHeap()
  const departUntil = (ms: number) => {
    while ((departures.first?.dueMs ?? Number.POSITIVE_INFINITY) <= ms) departures.take()?.run()
  }
  jobs.forEach(({ arrivalMs, serviceMs, sequences = 1 }, i) => {
    const seat: Seat = {
      sequences,
      receivedMs: arrivalMs,
      start: (startMs) => {
        starts[i] = startMs
        const dueMs = startMs + serviceMs
        departures.add({ dueMs, run: () => batch.leave(seat, dueMs) })
      },
    }
    departUntil(arrivalMs)
    batch.join(seat)
  })
  departUntil(Number.MAX_VALUE)
  expect([batch.waiting, batch.sequences]).toEqual([0, 0])
  return starts
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('a batch', () => {
  test('of one, with regular arrivals faster than the service, makes each wait longer by the difference', () => {
    const jobs = Array.from({ length: 50 }, (_, i) => ({ arrivalMs: i * 7, serviceMs: 10 }))
    expect(startsOf(jobs, 1)).toEqual(jobs.map((_, i) => i * 10))
  })

  test('of three serves a burst in threes', () => {
    const jobs = Array.from({ length: 9 }, () => ({ arrivalMs: 5, serviceMs: 20 }))
    expect(startsOf(jobs, 3)).toEqual([5, 5, 5, 25, 25, 25, 45, 45, 45])
  })

  test('without a limit makes nobody wait', () => {
    const jobs = Array.from({ length: 100 }, (_, i) => ({ arrivalMs: i, serviceMs: 1000 }))
    expect(startsOf(jobs, Number.POSITIVE_INFINITY)).toEqual(jobs.map((_, i) => i))
  })

  test.each([0.3, 0.5, 0.8])('with Poisson arrivals at a load of %d is an M/D/1 queue', (load) => {
    const serviceMs = 10
    const draw = generatorAt(3, 'batch-test', 0)
    let atMs = 0
    const jobs = Array.from({ length: 20_000 }, () => {
      atMs -= Math.log(1 - draw()) * (serviceMs / load)
      return { arrivalMs: atMs, serviceMs }
    })
    const starts = startsOf(jobs, 1)
    const waits = starts.map((startMs, i) => startMs - (jobs[i]?.arrivalMs ?? Number.NaN))
    // Pollaczek and Khinchine: W = ρ / (2 (1 − ρ)) × D.
    const expected = (load / (2 * (1 - load))) * serviceMs
    expect(mean(waits) / expected).toBeGreaterThan(0.9)
    expect(mean(waits) / expected).toBeLessThan(1.1)
  })

  test('counts the sequences of a request, keeps the order, and runs alone what is larger than it', () => {
    const jobs = [
      { arrivalMs: 0, serviceMs: 10, sequences: 2 },
      { arrivalMs: 1, serviceMs: 10, sequences: 3 },
      // It would fit beside the first, but does not overtake the second.
      { arrivalMs: 2, serviceMs: 10, sequences: 1 },
      { arrivalMs: 3, serviceMs: 10, sequences: 9 },
    ]
    expect(startsOf(jobs, 3)).toEqual([0, 10, 20, 30])
  })

  test('forgets who leaves while waiting', () => {
    const batch = new Batch(1)
    const started: string[] = []
    const seat = (name: string): Seat => ({ sequences: 1, receivedMs: 0, start: () => void started.push(name) })
    const [first, second, third] = [seat('first'), seat('second'), seat('third')]
    for (const each of [first, second, third]) batch.join(each)
    batch.leave(second, 1)
    expect(batch.waiting).toBe(1)
    batch.leave(first, 2)
    expect(started).toEqual(['first', 'third'])
  })
})
