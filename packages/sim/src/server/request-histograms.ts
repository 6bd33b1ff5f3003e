import type { Generation } from '../engine/generation.js'
import { BucketCounts } from './bucket-counts.js'
import type { Exchange } from './exchange.js'

// Upper bounds in seconds, as vLLM has them (vllm/v1/metrics/loggers.py of 0.15.1).
const FIRST_TOKEN_S = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
]
const TOKEN_S = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80]
const REQUEST_S = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680]
const ANSWERS = [1, 2, 5, 10, 20]
/** 1, 2, 5, 10 … up to the context length. */
const TOKENS = 'tokens'

/** What is known of a generation when it is over; seconds. */
interface Measured {
  readonly generation: Generation
  readonly queuedS: number
  readonly prefillS: number
  readonly decodeS: number
  readonly endToEndS: number
}

interface Definition {
  readonly help: string
  readonly bounds: readonly number[] | typeof TOKENS
  /** The values of a generation that was answered in full: vLLM counts each of several answers as a request of its own. */
  readonly values: (measured: Measured) => number[]
}

const perAnswer = (value: (measured: Measured) => number) => (measured: Measured) =>
  measured.generation.answers.map(() => value(measured))

/** In the order and in the words of vLLM. */
const REQUEST_HISTOGRAMS = {
  request_prompt_tokens: {
    help: 'Number of prefill tokens processed.',
    bounds: TOKENS,
    values: ({ generation: { answers, request } }) =>
      answers.map(({ index }) => request.prompts[Math.floor(index / request.n)]?.tokens ?? 0),
  },
  request_generation_tokens: {
    help: 'Number of generation tokens processed.',
    bounds: TOKENS,
    values: ({ generation }) => generation.answers.map(({ tokens }) => tokens),
  },
  request_max_num_generation_tokens: {
    help: 'Histogram of maximum number of requested generation tokens.',
    bounds: TOKENS,
    values: ({ generation: { answers, request } }) =>
      request.prompts.map((_, prompt) =>
        Math.max(...answers.slice(prompt * request.n, (prompt + 1) * request.n).map(({ tokens }) => tokens)),
      ),
  },
  request_params_n: {
    help: 'Histogram of the n request parameter.',
    bounds: ANSWERS,
    values: ({ generation: { request } }) => request.prompts.map(() => request.n),
  },
  request_params_max_tokens: {
    help: 'Histogram of the max_tokens request parameter.',
    bounds: TOKENS,
    values: perAnswer(({ generation }) => generation.request.maxTokens),
  },
  request_time_per_output_token_seconds: {
    help: 'Histogram of time_per_output_token_seconds per request.',
    bounds: TOKEN_S,
    // vLLM has a value for an answer of one token too: 0.
    values: ({ generation, decodeS }) =>
      generation.answers.map(({ tokens }) => (tokens > 1 ? decodeS / (tokens - 1) : 0)),
  },
  e2e_request_latency_seconds: {
    help: 'Histogram of e2e request latency in seconds.',
    bounds: REQUEST_S,
    values: perAnswer(({ endToEndS }) => endToEndS),
  },
  request_queue_time_seconds: {
    help: 'Histogram of time spent in WAITING phase for request.',
    bounds: REQUEST_S,
    values: perAnswer(({ queuedS }) => queuedS),
  },
  request_inference_time_seconds: {
    help: 'Histogram of time spent in RUNNING phase for request.',
    bounds: REQUEST_S,
    values: perAnswer(({ prefillS, decodeS }) => prefillS + decodeS),
  },
  request_prefill_time_seconds: {
    help: 'Histogram of time spent in PREFILL phase for request.',
    bounds: REQUEST_S,
    values: perAnswer(({ prefillS }) => prefillS),
  },
  request_decode_time_seconds: {
    help: 'Histogram of time spent in DECODE phase for request.',
    bounds: REQUEST_S,
    values: perAnswer(({ decodeS }) => decodeS),
  },
  request_prefill_kv_computed_tokens: {
    help: 'Histogram of new KV tokens computed during prefill (excluding cached tokens).',
    bounds: TOKENS,
    values: perAnswer(({ generation: { request, cachedTokens } }) =>
      Math.round((request.promptTokens - (cachedTokens ?? 0)) / request.prompts.length),
    ),
  },
} as const satisfies Record<string, Definition>

export interface NamedHistogram {
  readonly name: string
  readonly help: string
  readonly counts: BucketCounts
}

/** How long generations took, by the true send times, and how long they were, in the histograms of vLLM. They are added when they end. */
export class RequestHistograms {
  readonly #firstToken = new BucketCounts(FIRST_TOKEN_S)
  readonly #gap = new BucketCounts(TOKEN_S)
  readonly #requests: readonly (NamedHistogram & Definition)[]

  constructor(contextLength: number) {
    this.#requests = Object.entries<Definition>(REQUEST_HISTOGRAMS).map(([name, definition]) => {
      const { bounds } = definition
      const counts = new BucketCounts(bounds === TOKENS ? oneTwoFive(contextLength) : bounds)
      return { name, counts, ...definition }
    })
  }

  /** In no particular order. */
  get all(): readonly NamedHistogram[] {
    const first = 'Histogram of time to first token in seconds.'
    const gap = 'Histogram of inter-token latency in seconds.'
    return [
      { name: 'time_to_first_token_seconds', help: first, counts: this.#firstToken },
      { name: 'inter_token_latency_seconds', help: gap, counts: this.#gap },
      ...this.#requests,
    ]
  }

  /** A generation is over, in full or not. */
  add({ generation, receivedMs, startMs, endMs, chunkMs, ending }: Exchange): void {
    const firstMs = chunkMs[0]
    const lastMs = chunkMs.at(-1)
    if (generation === null || firstMs === undefined || lastMs === undefined) return
    for (const _ of generation.answers) {
      this.#firstToken.add((firstMs - receivedMs) / 1000)
      for (let i = 1; i < chunkMs.length; i++) {
        this.#gap.add(((chunkMs[i] ?? lastMs) - (chunkMs[i - 1] ?? firstMs)) / 1000)
      }
    }
    if (ending !== 'finished') return
    const measured = {
      generation,
      queuedS: (startMs - receivedMs) / 1000,
      prefillS: (firstMs - startMs) / 1000,
      decodeS: (lastMs - firstMs) / 1000,
      endToEndS: (endMs - receivedMs) / 1000,
    }
    for (const { counts, values } of this.#requests) for (const value of values(measured)) counts.add(value)
  }
}

function oneTwoFive(max: number): number[] {
  const bounds: number[] = []
  for (let power = 1; power <= max; power *= 10) bounds.push(power, 2 * power, 5 * power)
  return bounds.filter((bound) => bound <= max)
}
