import { expect } from 'vitest'
import type { Outcome } from './outcome.js'

/** Ten arrivals per second for each of three workers. */
export const LOAD = '--qps 30 -u 90 -r 90 --stop-timeout 5s'
/** What one of them may have sent since its last report: of a second, on a busy machine of two. */
export const UNREPORTED = 25
/** Requests after which something happens: two seconds. */
export const SOME = 60

/** A worker whose connection breaks is replaced when its lease must have run out: 4 s, and the notice of the new shares. */
export const TAKEN_OVER_MS = 8000
/** Where it only falls silent, that has to be noticed first. */
export const SILENCE_NOTICED_MS = 5000

/** An arrival this much before something happened may still have been under way to the simulator. */
const UNDER_WAY_MS = 500

/** What the simulator missed was due between two instants (Unix milliseconds), and nothing before or after. */
export function expectGap(outcome: Outcome, fromMs: number, toMs: number): void {
  const outside = outcome.missing.filter((index) => {
    const atMs = outcome.startMs + outcome.dueMs(index)
    return atMs < fromMs - UNDER_WAY_MS || atMs > toMs
  })
  const afterS = outside.map((index) => (outcome.startMs + outcome.dueMs(index) - fromMs) / 1000)
  expect(afterS, `missed, in seconds after it happened, outside of 0 … ${(toMs - fromMs) / 1000}`).toEqual([])
}

/** Every arrival of the window was sent, or is counted as one that was not; none is both. */
export function expectNoneForgotten({ report, dueIndices }: Outcome): void {
  const { sent, unsent } = report.requests
  expect(sent + unsent, `sent (${sent}) and unsent (${unsent})`).toBe(dueIndices.length)
}

/** Process ids of the workers that the report calls lost. */
export const lostPids = ({ report }: Outcome): number[] =>
  report.workers.filter(({ lost }) => lost !== null).map(({ pid }) => pid)
