import type { LoadPlan, Plan, Provider, SamplingPlan, Secrets, WorkloadPlan } from '../plan.js'

/** All that the command line, environment and config file say, checked and complete. */
export interface RunConfig {
  readonly role: 'local' | 'master' | 'worker'
  readonly fleet: FleetConfig
  readonly target: TargetConfig
  readonly sampling: SamplingPlan
  readonly workload: WorkloadPlan
  readonly load: LoadPlan
  readonly seed: number
  readonly output: OutputConfig
  readonly logging: LoggingConfig
  readonly secrets: Secrets
}

export interface FleetConfig {
  /** Worker processes to start on this host. */
  readonly processes: number
  /** Workers that must be ready before a master starts the run. */
  readonly expectWorkers: number
  /** How long a master waits for them; null = for ever. */
  readonly expectWorkersMaxWaitS: number | null
  /** How long a worker that is lost may take to come back; 0 = it may not. */
  readonly workerGraceS: number
  /** The run ends when the share of a worker has to be taken over. */
  readonly failOnWorkerLoss: boolean
  /** How long a worker tries to reach its master at first. */
  readonly masterMaxWaitS: number
  /** Address that a master listens on. */
  readonly masterBindHost: string
  /** Where a worker finds its master. */
  readonly masterHost: string
  readonly masterPort: number
  /** Shared secret of master and workers; null = none, or made by the master where one is needed. */
  readonly token: string | null
  /** What those have to show who watch the run over HTTP; null = the control token. */
  readonly viewToken: string | null
  /** What those have to show who control the run over HTTP; null = nothing on this host, and nobody may from others. */
  readonly controlToken: string | null
  /** Hosts that a worker may send load to, with or without a port; none = all that its master says. */
  readonly allowedTargets: readonly string[]
  /** Of the connections between master and workers; null = no TLS. */
  readonly tls: TlsConfig | null
}

export interface TlsConfig {
  /** PEM of the master's certificate, and of those behind it; null = one is made for the run. */
  readonly certFile: string | null
  /** PEM of its private key. */
  readonly keyFile: string | null
  /** The only certificate that a worker takes for its master's: `sha256:` and 64 hexadecimal digits. */
  readonly masterFingerprint: string | null
  /** PEM of the authorities that a worker trusts where it has no fingerprint; null = those that Node trusts. */
  readonly caFile: string | null
}

export interface TargetConfig {
  readonly provider: Provider
  /** Base URL without trailing slash, or null for `-H sim`: the simulator inside the run. */
  readonly baseUrl: string | null
  /** Null = the first of the server's /v1/models. */
  readonly model: string | null
  readonly chat: boolean
  readonly stream: boolean
  readonly thinkTags: boolean
}

export interface OutputConfig {
  readonly headless: boolean
  readonly summaryFile: string | null
  /** Prefix of the four Locust CSV files. */
  readonly csvPrefix: string | null
  readonly json: boolean
  readonly onlySummary: boolean
  readonly printStats: boolean
  readonly maxFailRatio: number
  /** Share of failed requests above which the run ends early; null = never. */
  readonly abortOnFailRatio: number | null
  /** An INVALID verdict is an exit code of its own. */
  readonly requireValid: boolean
  readonly requestLog: string | null
  /** Slowest and failed requests, so many of each, whose responses are kept; needs `requestLog`. */
  readonly recordFrames: number
  /** A folder of the run is kept. */
  readonly history: boolean
  /** Where that is; null = in the place for such things on this host. */
  readonly runsDir: string | null
}

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggingConfig {
  readonly level: LogLevel
  readonly file: string | null
}

/** The plan of one run, once the target is known to be there and its model is chosen. */
export function makePlan(config: RunConfig, run: { runId: string; baseUrl: string; model: string }): Plan {
  const { provider, chat, stream, thinkTags } = config.target
  return {
    runId: run.runId,
    seed: config.seed,
    target: { provider, baseUrl: run.baseUrl, model: run.model, chat, stream, thinkTags },
    sampling: config.sampling,
    workload: config.workload,
    load: config.load,
  }
}
