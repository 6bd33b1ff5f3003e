/**
 * A run, validated and serialisable: what the master sends to every worker and what reports
 * print. It holds no secret; those travel beside it.
 */
export interface Plan {
  readonly runId: string
  /** Everything random in the run follows from it. */
  readonly seed: number
  readonly target: TargetPlan
  readonly sampling: SamplingPlan
  readonly workload: WorkloadPlan
  readonly load: LoadPlan
}

export const PROVIDERS = ['vllm', 'openai'] as const
export type Provider = (typeof PROVIDERS)[number]

export interface TargetPlan {
  readonly provider: Provider
  /** Scheme, host, port and an optional path prefix; no trailing slash. */
  readonly baseUrl: string
  readonly model: string
  /** `/v1/chat/completions` instead of `/v1/completions`. */
  readonly chat: boolean
  readonly stream: boolean
}

export interface SamplingPlan {
  readonly temperature: number
  readonly topK: number | null
  readonly logprobs: number | null
  /** Answers asked for per request. */
  readonly n: number
}

export interface WorkloadPlan {
  readonly promptTokens: number
  readonly maxTokens: number
  /** Text that replaces the built-in instruction at the end of each prompt. */
  readonly instruction: string | null
  /** Folder, file or hub name of a tokenizer. */
  readonly tokenizer: string | null
}

export const QPS_DISTRIBUTIONS = ['constant', 'uniform', 'exponential'] as const
export type QpsDistribution = (typeof QPS_DISTRIBUTIONS)[number]

export interface LoadPlan {
  readonly users: number
  /** Users started per second. */
  readonly spawnRate: number
  /** Arrivals per second over all workers; null = closed loop. */
  readonly qps: number | null
  readonly qpsDistribution: QpsDistribution
  /** How long the load goes on, with all users there, before the measured window opens. */
  readonly warmupS: number
  /** Length of the measured window; null = until stopped. */
  readonly runTimeS: number | null
  /** Requests to send in the measured window over all workers; null = no limit. */
  readonly maxRequests: number | null
  /** How long requests in flight may finish after the end; then they are cancelled and censored. */
  readonly stopTimeoutS: number
  /** Limit of one request from send to end; null = none. */
  readonly timeoutS: number | null
  /** A request that receives no byte for so long fails. */
  readonly progressTimeoutS: number
}

/** What must never be logged, reported or put on a command line. */
export interface Secrets {
  readonly apiKey: string | null
  /** Extra request headers, in order; their values may be credentials. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
}
