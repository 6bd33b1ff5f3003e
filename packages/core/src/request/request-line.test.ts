import { expect, test } from 'vitest'
import { outcomeOf, requestOutcome } from './request-line.js'
import { Timeline } from './timeline.js'

const outcome = (timeline: Partial<Timeline>, tokenizerTokens: number | null = null) =>
  requestOutcome.parse(
    outcomeOf(Object.assign(new Timeline(0, 10), timeline), { startMs: 1000, phase: 'measured', tokenizerTokens }),
  )

test('marks are milliseconds since the start of the run, to the microsecond; those not reached are null', () => {
  expect(outcome({ sentMs: 1500.0004, endMs: 2000 })).toMatchObject({ sentMs: 500, endMs: 1000, firstTokenMs: null })
})

test.each<{ chunkMs: number[]; coalesced: number }>([
  { chunkMs: [], coalesced: 0 },
  { chunkMs: [10], coalesced: 0 },
  { chunkMs: [10, 20, 30], coalesced: 0 },
  { chunkMs: [10, 10, 10, 30, 30], coalesced: 3 }, // three in one read, two in another
])('of chunks at $chunkMs $coalesced came together with the one before', ({ chunkMs, coalesced }) => {
  expect(outcome({ chunkMs }).coalesced).toBe(coalesced)
})

test('both counts of tokens, the encoding and the wait that was asked for are there', () => {
  const told = { promptTokens: 12, completionTokens: 7, contentEncoding: 'gzip', retryAfterS: 2.5, withoutDone: true }
  expect(outcome(told, 6)).toMatchObject({ ...told, plannedPromptTokens: 10, tokenizerTokens: 6, tokens: 7 })
  expect(outcome({})).toMatchObject({ contentEncoding: null, retryAfterS: null, tokenizerTokens: null })
})
