import type { Provider } from '../plan.js'
import { type OptionTable, type Problem, type Role, readSettings, type Setting, strongest } from './option.js'
import { OPTIONS, type Values } from './options.js'
import { loadContradictions, loadOf } from './resolve-load.js'
import type { FleetConfig, RunConfig, TlsConfig } from './run-config.js'

export type Resolution =
  | { readonly config: RunConfig /** What is allowed but does nothing. */; readonly warnings: readonly string[] }
  | { readonly problems: readonly Problem[] }

/** What the configuration depends on besides settings. */
export interface HostFacts {
  /** CPUs that this process may use: `--processes -1` means them. */
  readonly cpuCount: number
  /** Seed of a run that is given none. */
  readonly freshSeed: number
}

const DEFAULT_MASTER_PORT = 5557

/**
 * The configuration that settings of all sources make together: flags before environment before
 * file before defaults. Finds all problems at once, each named as the person wrote it.
 */
export function resolve(settings: readonly Setting[], host: HostFacts): Resolution {
  const { values, problems } = readSettings(OPTIONS, settings)
  const role = roleOf(values)
  const config: RunConfig = {
    role,
    fleet: fleetOf(role, values, host),
    target: {
      provider: values.provider ?? guessProvider(values.host),
      baseUrl: values.host,
      model: values.model,
      chat: values.chat,
      stream: values.stream,
      thinkTags: values['think-tags'],
    },
    sampling: {
      temperature: values.temperature,
      topK: values['top-k'],
      logprobs: values.logprobs,
      n: values.n,
    },
    workload: {
      promptTokens: values['prompt-tokens'],
      maxTokens: values['max-tokens'],
      instruction: values.prompt,
      tokenizer: values.tokenizer,
    },
    load: loadOf(values),
    seed: values.seed ?? host.freshSeed,
    output: {
      headless: values.headless,
      summaryFile: values['summary-file'],
      csvPrefix: values.csv,
      json: values.json,
      onlySummary: values['only-summary'],
      printStats: values['print-stats'],
      maxFailRatio: values['max-fail-ratio'],
      abortOnFailRatio: values['abort-on-fail-ratio'],
      requireValid: values['require-valid'],
      requestLog: values['request-log'],
      recordFrames: values['record-frames'],
      history: values.history,
      runsDir: values['runs-dir'],
    },
    logging: { level: values.loglevel, file: values.logfile },
    secrets: { apiKey: values['api-key'], headers: values.header },
  }
  const all = [...problems, ...contradictions(values, config.fleet, settings)]
  return all.length > 0 ? { problems: all } : { config, warnings: uselessFlags(settings, role) }
}

function roleOf({ master, worker }: Values): Role {
  if (worker) return 'worker'
  return master ? 'master' : 'local'
}

function fleetOf(role: Role, values: Values, { cpuCount }: HostFacts): FleetConfig {
  const wanted = values.processes ?? (role === 'master' ? 0 : 1)
  const processes = wanted === -1 ? cpuCount : wanted
  return {
    processes,
    expectWorkers: role === 'master' ? (values['expect-workers'] ?? Math.max(1, processes)) : processes,
    expectWorkersMaxWaitS: unlessZero(values['expect-workers-max-wait']),
    workerGraceS: values['worker-grace'],
    failOnWorkerLoss: values['fail-on-worker-loss'],
    masterMaxWaitS: values['master-max-wait'],
    masterBindHost: role === 'master' ? values['master-bind-host'] : '127.0.0.1',
    masterHost: values['master-host'],
    // Two runs on one host must not meet on a port that neither of them needs to be known.
    masterPort: values['master-port'] ?? (role === 'local' ? 0 : DEFAULT_MASTER_PORT),
    token: values.token,
    viewToken: values['view-token'],
    controlToken: values['control-token'],
    allowedTargets: values['allow-target'],
    tls: tlsOf(role, values),
  }
}

function tlsOf(role: Role, values: Values): TlsConfig | null {
  const tls = {
    certFile: values['tls-cert'],
    keyFile: values['tls-key'],
    masterFingerprint: values['master-fingerprint'],
    caFile: values['tls-ca'],
  }
  const implied = role === 'worker' ? [tls.masterFingerprint, tls.caFile] : [tls.certFile, tls.keyFile]
  return values.tls || implied.some((value) => value !== null) ? tls : null
}

/** As llm_bench: a host of OpenAI has it in its name (Azure's too). */
function guessProvider(host: string | null): Provider {
  return host !== null && new URL(host).hostname.includes('openai') ? 'openai' : 'vllm'
}

const unlessZero = (value: number | null): number | null => (value === 0 ? null : value)

/** Values that are fine alone, but not together. */
function contradictions(values: Values, fleet: FleetConfig, settings: readonly Setting[]): Problem[] {
  const typed = (name: keyof Values): string => strongest(name, OPTIONS[name], settings)?.typed ?? `--${name}`
  const problems: Problem[] = []
  if (values.master && values.worker) {
    problems.push({
      message: `${typed('master')} and ${typed('worker')} exclude each other`,
      hint: 'a master starts workers of its own with --processes',
    })
  }
  if (!values.master && fleet.processes < 1) {
    problems.push({
      message: `${typed('processes')} must be at least 1, or -1 for one per CPU, not '${fleet.processes}'`,
    })
  }
  if (values.master && fleet.expectWorkers < fleet.processes) {
    problems.push({
      message: `${typed('expect-workers')} must be at least ${fleet.processes}, as many as ${typed('processes')} starts, not '${fleet.expectWorkers}'`,
    })
  }
  problems.push(...tlsContradictions(values, typed), ...loadContradictions(values, typed))
  if (values['record-frames'] > 0 && values['request-log'] === null) {
    problems.push({
      message: `${typed('record-frames')} needs ${typed('request-log')}`,
      hint: 'the frames are written beside it, and refer to its lines',
    })
  }
  return problems
}

function tlsContradictions(values: Values, typed: (name: keyof Values) => string): Problem[] {
  const problems: Problem[] = []
  if ((values['tls-cert'] === null) !== (values['tls-key'] === null)) {
    const [given, other] =
      values['tls-key'] === null ? (['tls-cert', 'tls-key'] as const) : (['tls-key', 'tls-cert'] as const)
    problems.push({
      message: `${typed(given)} needs ${typed(other)}`,
      hint: 'for a certificate that is made for the run give --tls alone',
    })
  }
  if (values['master-fingerprint'] !== null && values['tls-ca'] !== null) {
    problems.push({
      message: `${typed('master-fingerprint')} and ${typed('tls-ca')} exclude each other`,
      hint: 'a fingerprint names one certificate, whoever vouches for it',
    })
  }
  return problems
}

/** Only flags, which are meant for this one command; an environment or a file may serve several. */
function uselessFlags(settings: readonly Setting[], role: Role): string[] {
  const table: OptionTable = OPTIONS
  return settings
    .filter(({ source }) => source === 'flag')
    .map(({ option, typed }) => ({ typed, roles: table[option]?.group.roles ?? [role] }))
    .filter(({ roles }) => !roles.includes(role))
    .map(({ typed, roles }) => {
      const why = role === 'worker' ? 'in a worker: the run is set at the master' : `without --${roles.join(' or --')}`
      return `${typed} does nothing ${why}`
    })
}
