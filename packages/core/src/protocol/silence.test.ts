import { expect, test } from 'vitest'
import type { Clock } from '../clock.js'
import { Silence } from './silence.js'

function listen() {
  let nowMs = 0
  const clock: Clock = { nowMs: () => nowMs, wallMs: (ms) => ms }
  const silence = new Silence(clock)
  return {
    silence,
    /** Looks after each of some pauses; returns what it sees at last. */
    after: (...pausesMs: number[]): number | null => {
      let seen: number | null = null
      for (const pauseMs of pausesMs) {
        nowMs += pauseMs
        seen = silence.look()
      }
      return seen
    },
  }
}

test.each([
  { pausesMs: [1000, 1000, 1000, 1000, 1000], silentMs: null, story: 'five seconds are not too long' },
  { pausesMs: [1000, 1000, 1000, 1000, 1000, 1], silentMs: 5001, story: 'more than that is' },
  { pausesMs: [2900, 2900], silentMs: 5800, story: 'a busy process that looks late sees it too' },
  { pausesMs: [60_000], silentMs: null, story: 'one that was stopped itself has not listened' },
  { pausesMs: [60_000, 1000, 1000, 1000], silentMs: null, story: 'and begins anew from then' },
  { pausesMs: [60_000, 2000, 2000, 2000], silentMs: 6000, story: 'but only from then' },
])('$story', ({ pausesMs, silentMs }) => {
  expect(listen().after(...pausesMs)).toBe(silentMs)
})

test('a word breaks it', () => {
  const { silence, after } = listen()
  after(1000, 1000, 1000, 1000)
  silence.broken()
  expect(after(1000, 1000)).toBeNull()
})
