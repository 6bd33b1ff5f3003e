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
  /** Text between `<think>` and `</think>` is reasoning. */
  readonly thinkTags: boolean
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

export const QPS_DISTRIBUTIONS = ['constant', 'uniform', 'exponential', 'gamma'] as const
export type QpsDistribution = (typeof QPS_DISTRIBUTIONS)[number]

/** More than a fleet can have: a slip of the finger. */
export const MAX_USERS = 1_000_000
/** A worker would be busy with the schedule alone. */
export const MAX_QPS = 1_000_000

/** As llm_bench's --ramping-time has it. */
export interface RampingPlan {
  readonly timeS: number
  /** One request at a time for so long, before it begins. */
  readonly warmupS: number
}

/** More would be a curve of single points, which --stages is not for. */
export const MAX_STAGES = 100

/** A part of a run with a level of its own. */
export interface Stage {
  readonly durationS: number
  /** Arrivals per second, even from the first value to the second; null = those at the end of the stage before. */
  readonly qps: Levels | null
  /** Users, likewise. */
  readonly users: Levels | null
}

/** At the start and at the end of a stage; the same = held. */
export interface Levels {
  readonly from: number
  readonly to: number
}

export interface LoadPlan {
  /** With stages: at the start. */
  readonly users: number
  /** Users started per second. */
  readonly spawnRate: number
  /** Arrivals per second over all workers, with stages at the start; null = closed loop. */
  readonly qps: number | null
  readonly qpsDistribution: QpsDistribution
  /** Shape of the gaps of `gamma`: 1 is a Poisson process, less is burstier; their variation is 1 / √burstiness. */
  readonly burstiness: number
  /** In a closed loop each user starts its requests at least so far apart; null = as soon as it can. */
  readonly burstPeriodS: number | null
  /** In a closed loop, how the requests in flight grow from one to `users`; null = with the users. */
  readonly ramping: RampingPlan | null
  /** Levels one after the other, from the opening of the measured window on; none = one level all the time. */
  readonly stages: readonly Stage[]
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
  /** So does a stream that brings no token for so long, whatever else it brings; null = it may wait. */
  readonly tokenTimeoutS: number | null
}

/** What must never be logged, reported or put on a command line. */
export interface Secrets {
  readonly apiKey: string | null
  /** Extra request headers, in order; their values may be credentials. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
}
