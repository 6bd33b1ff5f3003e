import { expect } from 'vitest'
import type { Outcome, Worker } from './outcome.js'

/** Of what should not be there some are enough to read. */
const FEW = 10

/** Whatever happened: contents are those of the schedule, none was sent twice, and the sums are right. */
export function expectSound(outcome: Outcome): void {
  const { report, sent } = outcome
  const complete = sent.filter(({ digest }) => digest !== null)
  const strange = complete
    .filter(({ index }) => index === null)
    .map(({ peer, atMs }) => `${peer} at ${atMs.toFixed()} ms`)
  expect(strange.slice(0, FEW), 'requests with contents that are none of the run’s').toEqual([])
  expect(twice(complete.map(({ index }) => index)), 'arrivals that were sent twice').toEqual([])
  for (const name of ['sent', 'succeeded', 'failed', 'censored'] as const) {
    const sum = report.workers.reduce((total, worker) => total + worker[name], 0)
    expect(sum, `${name} of all workers`).toBe(report.requests[name])
  }
  const pids = report.workers.map(({ pid }) => pid)
  expect(twice(pids), 'workers that are listed twice').toEqual([])
}

/** These workers reported exactly what the simulator saw, and the end of each of their requests. */
export function expectExact(outcome: Outcome, workers: readonly Worker[] = outcome.workers): void {
  const accounts = outcome.accounts.filter(({ worker }) => workers.includes(worker))
  const bySimulator = accounts.map(({ worker, sent }) => ({ host: worker.host.name, sent: sent.length }))
  const byReport = accounts.map(({ worker, reported }) => ({ host: worker.host.name, sent: reported?.sent ?? 0 }))
  expect(byReport, 'sent, as reported, against the simulator').toEqual(bySimulator)
  for (const { worker, reported, sent } of accounts) {
    if (!reported) continue
    const { succeeded, failed, censored } = reported
    expect(succeeded + failed + censored, `ends of ${worker.host.name}`).toBe(reported.sent)
    expect(succeeded, `answers of ${worker.host.name}`).toBeLessThanOrEqual(sent.filter((one) => one.answered).length)
  }
}

/** Of a worker whose requests may have been lost on the way: those that did not arrive are failed or censored. */
export function expectAccounted(outcome: Outcome, worker: Worker): void {
  const { reported, sent } = outcome.accountOf(worker)
  const { succeeded = 0, failed = 0, censored = 0 } = reported ?? {}
  const name = worker.host.name
  expect(succeeded + failed + censored, `ends of ${name}`).toBe(reported?.sent ?? 0)
  expect(sent.length, `requests of ${name}`).toBeLessThanOrEqual(reported?.sent ?? 0)
  expect(sent.length, `requests of ${name}`).toBeGreaterThanOrEqual(succeeded)
  expect(succeeded, `answers of ${name}`).toBeLessThanOrEqual(sent.filter((one) => one.answered).length)
}

/** Of a worker whose end nobody saw: what it reported is true, and no more than so many requests are unreported. */
export function expectTruthful(outcome: Outcome, worker: Worker, mostUnreported: number): void {
  const { reported, sent } = outcome.accountOf(worker)
  const unreported = sent.length - (reported?.sent ?? 0)
  expect(unreported, `unreported requests of ${worker.host.name}`).toBeGreaterThanOrEqual(0)
  expect(unreported, `unreported requests of ${worker.host.name}`).toBeLessThanOrEqual(mostUnreported)
}

/** Everyone did its part: all arrivals of the window were sent, no others, and all were answered. */
export function expectAllAnswered(outcome: Outcome): void {
  expect(outcome.missing).toEqual([])
  const { requests } = outcome.report
  const due = outcome.dueIndices.length
  expect(requests).toMatchObject({ sent: due, succeeded: due, failed: 0, censored: 0, unsent: 0 })
  expect(outcome.report.window.rampRequests).toBe(outcome.sent.length - due)
}

function twice<T>(values: readonly T[]): T[] {
  const seen = new Set<T>()
  return values.filter((value) => seen.size === seen.add(value).size)
}
