import { describe, expect, test } from 'vitest'
import type { TokenCheck } from '../request/token-check.js'
import { type AnswerFacts, answerNotes } from './answer-notes.js'

interface Facts extends Partial<AnswerFacts['requests']> {
  readonly retryAfter?: AnswerFacts['metrics']['retry_after']
  readonly chat?: boolean
  /** As given by --tokenizer. */
  readonly tokenizer?: string
}

const notes = ({ retryAfter, chat = false, tokenizer, ...requests }: Facts): string[] =>
  answerNotes({
    requests: { sent: 120, oddities: {}, tokenChecks: {}, ...requests },
    metrics: { retry_after: retryAfter ?? { count: 0, min: null, max: null } },
    workers: [{ tokenizer: null }, { tokenizer: 'tokenizer.json in x' }],
    plan: { target: { chat }, workload: { tokenizer: tokenizer ?? null } },
  })

test('of answers as they should be nothing is said', () => expect(notes({})).toEqual([]))

test('what the server did otherwise than asked, and in how many requests', () => {
  expect(notes({ oddities: { not_streamed: 3, compressed: 120, resent: 1, without_done: 2 } })).toEqual([
    expect.stringMatching(/^of 3 in 120 requests the answer came in one piece, though a stream was asked for/),
    expect.stringMatching(/^of 120 in 120 requests the answer came compressed, .* the decompressor’s blocks$/),
    expect.stringMatching(/^of 2 in 120 requests the stream ended without \[DONE\]/),
    expect.stringMatching(/^of 1 in 120 requests the idle connection .* sent a second time/),
  ])
})

test.each([
  { story: 'differ', min: 1000, max: 30_500, range: '1 s to 30.5 s' },
  { story: 'are all the same', min: 7000, max: 7000, range: '7 s' },
])('how long refusals ask to wait, where they $story', ({ min, max, range }) => {
  expect(notes({ retryAfter: { count: 3, min, max } })).toEqual([
    `3 of 120 requests were refused until ${range} later (Retry-After): llmload sends nothing again, and keeps to its schedule`,
  ])
})

describe('prompts that the server counts', () => {
  const check = (more: Partial<TokenCheck>): TokenCheck => ({
    ...{ requests: 120, different: 120, own: 120_000, server: 120_000, leastSurplus: 0, mostSurplus: 0 },
    ...more,
  })
  const MADE = 'prompts were made for 1000 tokens by tokenizer.json in x, the server counted'

  test.each<{ story: string; check: Partial<TokenCheck>; tokenizer?: string; chat?: boolean; notes: string[] }>([
    { story: 'as they were made', check: { different: 0 }, notes: [] },
    {
      story: 'differently each',
      check: { server: 119_040, leastSurplus: -20, mostSurplus: 4 },
      tokenizer: 'x',
      notes: [`${MADE} 992 on average (20 less to 4 more; another number in each): the tokenizer is not the server’s`],
    },
    {
      story: 'otherwise than by its own /tokenize now and then',
      check: { different: 3, server: 120_003, leastSurplus: 0, mostSurplus: 1 },
      notes: [`${MADE} 1000 on average (0 more to 1 more; another number in 3 of 120): its usage is another count`],
    },
    {
      story: 'with the same number more in each',
      check: { server: 120_120, leastSurplus: 1, mostSurplus: 1 },
      notes: [`${MADE} 1 more in each: it puts other special tokens around them, or has another tokenizer`],
    },
    {
      story: 'with the same number less in each chat',
      check: { server: 116_400, leastSurplus: -30, mostSurplus: -30 },
      chat: true,
      notes: [`${MADE} 30 less in each: it puts another chat template around them, or has another tokenizer`],
    },
  ])('$story', ({ check: counts, notes: expected, ...facts }) => {
    expect(notes({ tokenChecks: { prompt: check(counts) }, ...facts })).toEqual(expected)
  })
})

test.each([
  { own: 11_500, expected: [] }, // a token for each end, and texts that fall into other tokens
  {
    own: 11_000,
    expected: [
      'the server’s usage has 12000 generated tokens in 120 answers, of which the tokenizer finds 11000 (-8.3 %) in the texts: usage counts here',
    ],
  },
])('answers in which usage has 12000 tokens and the tokenizer finds $own', ({ own, expected }) => {
  const answer = { requests: 120, different: 120, own, server: 12_000, leastSurplus: 1, mostSurplus: 9 }
  expect(notes({ tokenChecks: { answer } })).toEqual(expected)
})
