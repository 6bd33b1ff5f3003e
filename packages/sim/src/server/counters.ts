import type { Histogram } from '@llmload/core'
import type { Batch } from '../engine/batch.js'
import type { FinishReason, Generation } from '../engine/generation.js'
import type { PrefixCache } from '../engine/prefix-cache.js'
import type { Ending, Exchange } from './exchange.js'
import { RequestHistograms } from './request-histograms.js'

/** What a simulator has done since it started. */
export interface SimStats {
  /** Requests received, of any kind. */
  readonly requests: number
  /** Sequences in the batch, and those that wait for room in it. */
  readonly running: number
  readonly waiting: number
  /** Requests ended, by how. */
  readonly endings: Readonly<Record<Ending, number>>
  /** Answers of generations that were answered in full, by how they finished. */
  readonly finished: Readonly<Record<FinishReason, number>>
  /** Of each prompt as often as it was answered. */
  readonly promptTokens: number
  /** Prompt tokens looked up in the prefix cache, and found there. */
  readonly cacheQueries: number
  readonly cacheHits: number
  readonly sentTokens: number
  /** How late chunks left, against their due time, in microseconds; NaN while there was none. */
  readonly latenessUs: { readonly count: number; readonly p50: number; readonly p99: number; readonly max: number }
}

/** Keeps account of requests as they come and go. */
export class Counters {
  readonly histograms: RequestHistograms
  readonly #batch: Batch
  readonly #cache: PrefixCache
  readonly #open = new Set<Exchange>()
  readonly #endings: Record<Ending, number> = { finished: 0, aborted: 0, injected: 0, closed: 0 }
  readonly #finished: Record<FinishReason, number> = { length: 0, stop: 0 }
  #requests = 0
  #promptTokens = 0
  #sentTokens = 0

  constructor(batch: Batch, cache: PrefixCache, contextLength: number) {
    this.histograms = new RequestHistograms(contextLength)
    this.#batch = batch
    this.#cache = cache
  }

  get open(): ReadonlySet<Exchange> {
    return this.#open
  }

  received(exchange: Exchange): void {
    this.#requests++
    this.#open.add(exchange)
  }

  ended(exchange: Exchange): void {
    const { ending, generation, sentTokens } = exchange
    this.#open.delete(exchange)
    if (ending !== null) this.#endings[ending]++
    if (generation === null) return
    this.#promptTokens += prefillTokens(generation)
    this.#sentTokens += sentTokens
    this.histograms.add(exchange)
    if (ending === 'finished') for (const { finish } of generation.answers) this.#finished[finish]++
  }

  stats(latenessUs: Histogram): SimStats {
    const generating = [...this.#open].filter(({ generation }) => generation !== null)
    return {
      requests: this.#requests,
      running: this.#batch.sequences,
      waiting: this.#batch.waiting,
      cacheQueries: this.#cache.queriedTokens,
      cacheHits: this.#cache.hitTokens,
      endings: { ...this.#endings },
      finished: { ...this.#finished },
      promptTokens: generating.reduce(
        (sum, { generation }) => sum + (generation ? prefillTokens(generation) : 0),
        this.#promptTokens,
      ),
      sentTokens: generating.reduce((sum, { sentTokens }) => sum + sentTokens, this.#sentTokens),
      latenessUs: {
        count: latenessUs.count,
        p50: latenessUs.percentile(50),
        p99: latenessUs.percentile(99),
        max: latenessUs.max,
      },
    }
  }
}

/** vLLM computes the prompt once for each of several answers. */
const prefillTokens = ({ request }: Generation): number => request.promptTokens * request.n
