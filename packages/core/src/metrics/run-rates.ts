import type { Difference, OtherName } from './metric-definition.js'

/** What a run adds up; NaN = not measured. */
export interface RunSums {
  readonly sent: number
  readonly succeeded: number
  /** Of answered requests. */
  readonly inputTokens: number
  readonly outputTokens: number
}

/** A rate of the whole run. */
export interface RunRate {
  readonly label: string
  readonly unit: 'requests/s' | 'tokens/s'
  readonly meaning: string
  readonly formula: string
  readonly sameAs: readonly OtherName[]
  readonly differsFrom: readonly Difference[]
  /** What is divided by the length of the window. */
  readonly amount: (sums: RunSums) => number
}

/** vLLM's benchmark sends a fixed number of requests and has no window. */
const OVER_THE_WHOLE_RUN = 'divides by the time from the first request to the end of the last answer'

/** The rates of a run over its measured window, by their names under `requests` in the JSON report. */
export const RUN_RATES = {
  sentPerSecond: {
    label: 'Requests/s',
    unit: 'requests/s',
    meaning: 'Requests of the window over its length.',
    formula: 'requests sent / window',
    sameAs: [{ tool: 'llm_bench', name: 'Qps' }],
    differsFrom: [],
    amount: ({ sent }) => sent,
  },
  succeededPerSecond: {
    label: 'Answers/s',
    unit: 'requests/s',
    meaning: 'Requests of the window that were answered in full, over its length.',
    formula: 'requests answered / window',
    sameAs: [],
    differsFrom: [{ tool: 'vLLM bench', name: 'request_throughput', how: OVER_THE_WHOLE_RUN }],
    amount: ({ succeeded }) => succeeded,
  },
  inputTokensPerSecond: {
    label: 'Input tokens/s',
    unit: 'tokens/s',
    meaning: 'Prompt tokens of the answered requests of the window over its length.',
    formula: 'Σ prompt tokens / window',
    sameAs: [],
    differsFrom: [],
    amount: ({ inputTokens }) => inputTokens,
  },
  outputTokensPerSecond: {
    label: 'Output tokens/s',
    unit: 'tokens/s',
    meaning:
      'Generated tokens of the answered requests of the window over its length, also those that came while the run drained.',
    formula: 'Σ N / window',
    sameAs: [],
    differsFrom: [{ tool: 'vLLM bench', name: 'output_throughput', how: OVER_THE_WHOLE_RUN }],
    amount: ({ outputTokens }) => outputTokens,
  },
  totalTokensPerSecond: {
    label: 'Total tokens/s',
    unit: 'tokens/s',
    meaning: 'Prompt and generated tokens together.',
    formula: 'Σ (prompt tokens + N) / window',
    sameAs: [],
    differsFrom: [{ tool: 'vLLM bench', name: 'total_token_throughput', how: OVER_THE_WHOLE_RUN }],
    amount: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
  },
} as const satisfies Record<string, RunRate>

export type RunRateName = keyof typeof RUN_RATES
