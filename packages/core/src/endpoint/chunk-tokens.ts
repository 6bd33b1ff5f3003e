import type { Timeline } from '../request/timeline.js'

/**
 * Finds out how many tokens each event with generated content brought, and keeps them in
 * `timeline.chunkTokens`. It gives up at the first event that does not say: a total at the end tells
 * nothing of how the tokens came. Of several answers usage counts all in one, so there it gives up too.
 */
export class ChunkTokens {
  readonly #timeline: Timeline
  #before = 0
  #unknown = false

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  /** The last of `chunkMs`; `ownTokens` are those that its token ids or logprobs name, else 0. */
  add(answer: number, ownTokens: number): void {
    if (this.#unknown) return
    const { completionTokens, chunkMs, chunkTokens } = this.#timeline
    // Usage that stood still is of an earlier event: the tokens of this one will be counted in a later one.
    const tokens = completionTokens === null ? ownTokens : Math.max(0, completionTokens - this.#before)
    if (answer !== 0 || (completionTokens === null && ownTokens === 0)) {
      this.#unknown = true
      chunkTokens.length = 0
      return
    }
    this.#before += tokens
    if (tokens === 1 && chunkTokens.length === 0) return
    while (chunkTokens.length < chunkMs.length - 1) chunkTokens.push(1)
    chunkTokens.push(tokens)
  }
}
