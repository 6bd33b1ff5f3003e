import type { LoadPlan, Plan } from '../../packages/core/src/index.js'

type Parts = { readonly [part in 'target' | 'sampling' | 'workload' | 'load']?: Partial<Plan[part]> }

/** One user in a closed loop until it is stopped, but for what a test is about. */
export const loadPlan = (more: Partial<LoadPlan> = {}): LoadPlan => ({
  users: 1,
  spawnRate: 1,
  qps: null,
  qpsDistribution: 'constant',
  burstiness: 1,
  burstPeriodS: null,
  ramping: null,
  stages: [],
  warmupS: 0,
  runTimeS: null,
  maxRequests: null,
  stopTimeoutS: 30,
  timeoutS: null,
  progressTimeoutS: 60,
  tokenTimeoutS: null,
  ...more,
})

/** Streamed completions of a vLLM server, but for what a test is about. */
export const plan = ({ target, sampling, workload, load }: Parts = {}): Plan => ({
  runId: 'r',
  seed: 1,
  target: {
    ...{ provider: 'vllm', baseUrl: 'http://h:8000', model: 'M', chat: false, stream: true, thinkTags: false },
    ...target,
  },
  sampling: { temperature: 1, topK: null, logprobs: null, n: 1, ...sampling },
  workload: { promptTokens: 1000, maxTokens: 100, instruction: null, tokenizer: null, ...workload },
  load: loadPlan(load),
})
