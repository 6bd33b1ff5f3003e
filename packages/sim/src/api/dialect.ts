/** What one choice holds, in a chunk or as a whole. All but the index are JSON texts. */
export interface ChoiceJson {
  readonly index: number
  readonly text: string
  readonly logprobs: string
  readonly finishReason: string
  readonly tokenIds: string
  /** `null` unless asked for, and in chunks only with the first text of a choice. */
  readonly promptTokenIds: string
}

export interface ScoredText {
  readonly text: string
  readonly logprob: number
}

/** A token and the likeliest tokens in its place, itself first. */
export interface TokenLogprob extends ScoredText {
  readonly top: readonly ScoredText[]
}

/**
 * How one API writes answers: field for field in vLLM's order, with the nulls that vLLM sends.
 * `head` is the JSON of a chunk or answer up to and including `"choices":`; `usage` is the JSON of the
 * usage object, in chunks with its key and a comma before it, or nothing.
 */
export interface Dialect {
  readonly idPrefix: string
  readonly chunkObject: string
  readonly wholeObject: string
  /** The chunk that goes before the first text of a choice, if the API has one. */
  opening(head: string, choice: Pick<ChoiceJson, 'index' | 'promptTokenIds'>, usage: string): string | null
  chunk(head: string, choice: ChoiceJson, usage: string): string
  whole(head: string, choices: readonly ChoiceJson[], usage: string): string
  /** `textOffset`: code points of the choice's text before these tokens. `wanted`: alternatives asked for. */
  logprobs(tokens: readonly TokenLogprob[], wanted: number, textOffset: number): string
}
