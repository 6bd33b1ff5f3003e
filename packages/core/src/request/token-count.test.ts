import { expect, test } from 'vitest'
import { Timeline } from './timeline.js'
import { countTokens, type TokenCount } from './token-count.js'

type Counts = Partial<Pick<Timeline, 'completionTokens' | 'logprobTokens' | 'idTokens' | 'chunks'>>

test.each<{ story: string; counts: Counts; tokenizer?: number; count: TokenCount | null }>([
  {
    story: 'usage comes before everything else',
    counts: { completionTokens: 5, logprobTokens: 4, idTokens: 3, chunks: 1 },
    tokenizer: 2,
    count: { tokens: 5, source: 'usage' },
  },
  { story: 'then logprobs', counts: { logprobTokens: 4, idTokens: 3 }, count: { tokens: 4, source: 'logprobs' } },
  {
    story: 'then token ids',
    counts: { idTokens: 3, chunks: 1 },
    tokenizer: 2,
    count: { tokens: 3, source: 'token_ids' },
  },
  { story: 'then the tokenizer', counts: { chunks: 1 }, tokenizer: 2, count: { tokens: 2, source: 'tokenizer' } },
  { story: 'then chunks', counts: { chunks: 7 }, count: { tokens: 7, source: 'chunks' } },
  {
    story: 'a usage of zero is not believed beside text',
    counts: { completionTokens: 0, chunks: 7 },
    count: { tokens: 7, source: 'chunks' },
  },
  { story: 'a usage of zero stands alone', counts: { completionTokens: 0 }, count: { tokens: 0, source: 'usage' } },
  { story: 'nothing counts', counts: {}, count: null },
])('$story', ({ counts, tokenizer, count }) => {
  expect(countTokens(Object.assign(new Timeline(0, null), counts), tokenizer)).toEqual(count)
})
