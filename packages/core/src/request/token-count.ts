import type { Timeline, TokenSource } from './timeline.js'

export interface TokenCount {
  readonly tokens: number
  readonly source: TokenSource
}

/**
 * Generated tokens of an answer, by the best source that has any: the server's usage, logprobs,
 * token ids, the tokenizer's count of the whole text, and at last the chunks of a stream, which may
 * hold several tokens each. llm_bench takes logprobs before usage; we take usage first, because
 * servers leave logprobs out for some tokens, and usage is what they bill. Null where nothing counts.
 */
export function countTokens(timeline: Timeline, tokenizerTokens: number | null = null): TokenCount | null {
  const { completionTokens, logprobTokens, idTokens, chunks } = timeline
  if (completionTokens) return { tokens: completionTokens, source: 'usage' }
  if (logprobTokens) return { tokens: logprobTokens, source: 'logprobs' }
  if (idTokens) return { tokens: idTokens, source: 'token_ids' }
  if (tokenizerTokens) return { tokens: tokenizerTokens, source: 'tokenizer' }
  if (chunks) return { tokens: chunks, source: 'chunks' }
  return completionTokens === 0 ? { tokens: 0, source: 'usage' } : null
}
