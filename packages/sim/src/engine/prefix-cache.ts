/** vLLM's default of --block-size. */
const BLOCK_TOKENS = 16

/**
 * Which beginnings of prompts the engine has computed before, in blocks of 16 tokens as vLLM keeps
 * them: a block counts only behind the same blocks. When it is full, the block that was used least
 * recently goes; of a prompt that is its last one, so no block outlives the one before it.
 */
export class PrefixCache {
  /** Prompt tokens that were looked up, and those that were found. */
  queriedTokens = 0
  hitTokens = 0
  readonly #maxBlocks: number
  /** Number of each block, by the number of the block before it and its own token ids. The least recently used stands first. */
  readonly #blocks = new Map<string, number>()
  #lastNumber = 0

  constructor(maxTokens: number) {
    this.#maxBlocks = Math.floor(maxTokens / BLOCK_TOKENS)
  }

  get isOn(): boolean {
    return this.#maxBlocks > 0
  }

  /** Tokens of a prompt that need not be computed; the prompt is in the cache after that. At least its last token is computed. */
  lookUp(ids: readonly number[]): number {
    const keys: string[] = []
    let hits = 0
    let parent = 0
    for (let end = BLOCK_TOKENS; end <= ids.length; end += BLOCK_TOKENS) {
      const key = `${parent}:${ids.slice(end - BLOCK_TOKENS, end).join()}`
      const known = this.#blocks.get(key)
      if (known !== undefined && end < ids.length) hits++
      parent = known ?? ++this.#lastNumber
      keys.push(key)
      this.#blocks.delete(key)
      this.#blocks.set(key, parent)
    }
    this.#touch(keys)
    this.queriedTokens += ids.length
    this.hitTokens += hits * BLOCK_TOKENS
    return hits * BLOCK_TOKENS
  }

  /** From the last block to the first, so that the last one goes first. */
  #touch(keys: readonly string[]): void {
    for (const key of keys.toReversed()) {
      const number = this.#blocks.get(key)
      if (number === undefined) continue
      this.#blocks.delete(key)
      this.#blocks.set(key, number)
    }
    for (const key of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#maxBlocks) return
      this.#blocks.delete(key)
    }
  }
}
