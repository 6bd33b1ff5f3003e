import { createServer, type RequestListener } from 'node:http'
import {
  type Clock,
  type ExitCode,
  type FleetConfig,
  type LoadPlan,
  type OutputConfig,
  type RunConfig,
  type RunReport,
  systemClock,
} from '@llmload/core'
import { test as baseTest } from 'vitest'
import { Loopback } from '../../../test/support/loopback.js'
import { loadPlan, plan } from '../../../test/support/plan.js'
import {
  type MasterAddress,
  type MasterDeps,
  type MasterOptions,
  runMaster,
  type WorkerProcesses,
} from '../src/index.js'
import { VERSION, WireWorker } from './wire-worker.js'

export interface RunOverrides {
  readonly role?: RunConfig['role']
  readonly fleet?: Partial<FleetConfig>
  readonly target?: Partial<RunConfig['target']>
  readonly load?: Partial<LoadPlan>
  readonly output?: Partial<OutputConfig>
  readonly secrets?: Partial<RunConfig['secrets']>
  /** How the target answers; null = there is none. */
  readonly answer?: RequestListener | null
  readonly processes?: Partial<WorkerProcesses>
  readonly clock?: Clock
  readonly onControl?: NonNullable<MasterDeps['onControl']>
  /** Where the folder of the run is kept; not given = nowhere. */
  readonly runsDir?: MasterOptions['runsDir']
}

const listModels: RequestListener = (_request, response) => response.end('{"data": [{"id": "M"}]}')

/** A master in this process, against a target of its own; its workers are for the test to bring. */
export class MasterRun {
  readonly loopback = new Loopback()
  readonly logged: string[] = []
  readonly #drain = new AbortController()
  readonly #now = new AbortController()
  stdout = ''
  stderr = ''
  /** Where workers join; pending until the port is open. */
  readonly address: Promise<MasterAddress>
  /** The exit code, or the error that was thrown. */
  readonly ended: Promise<ExitCode>

  constructor(overrides: RunOverrides = {}) {
    let opened: (address: MasterAddress) => void = () => {}
    this.address = new Promise((resolve) => {
      opened = resolve
    })
    this.ended = this.#run(overrides, opened)
    this.ended.catch(() => {})
  }

  /** A worker that has joined. */
  async worker(pid = 1): Promise<WireWorker> {
    return WireWorker.join(await this.address, pid)
  }

  /** First Ctrl-C. */
  interrupt(): void {
    this.#drain.abort()
  }

  /** Second Ctrl-C. */
  interruptAgain(): void {
    this.#now.abort()
  }

  /** What `--json` printed. */
  get report(): RunReport {
    return JSON.parse(this.stdout)
  }

  /** Resolves when a log line has these words. */
  async says(words: string): Promise<void> {
    while (!this.logged.some((line) => line.includes(words))) await new Promise(setImmediate)
  }

  async close(): Promise<void> {
    this.interrupt()
    this.interruptAgain()
    await this.ended.catch(() => {})
    await this.loopback.close()
  }

  async #run(overrides: RunOverrides, opened: (address: MasterAddress) => void): Promise<ExitCode> {
    const { answer = listModels, processes, clock = systemClock() } = overrides
    const port = answer ? await this.loopback.listen(createServer(answer)) : 1
    const write = (level: string) => (_fields: object, message: string) => this.logged.push(`${level} ${message}`)
    return runMaster(
      {
        config: configOf(overrides),
        baseUrl: `http://127.0.0.1:${port}`,
        version: VERSION,
        runsDir: overrides.runsDir ?? null,
        startWorkers: (address) => {
          opened(address)
          return { count: 1, exited: new Promise(() => {}), each: [], stop: async () => {}, ...processes }
        },
      },
      {
        clock,
        log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
        stdout: (text) => {
          this.stdout += text
        },
        stderr: (text) => {
          this.stderr += text
        },
        stdoutColumns: undefined,
        drain: this.#drain.signal,
        now: this.#now.signal,
        ...(overrides.onControl && { onControl: overrides.onControl }),
      },
    )
  }
}

export interface Pair {
  readonly run: MasterRun
  readonly one: WireWorker
  readonly two: WireWorker
}

/** Tests of runs, which end with the test that began them. */
export const test = baseTest.extend<{
  begin: (overrides?: RunOverrides) => MasterRun
  /** A run of `--master --expect-workers 2`, and its workers. */
  pair: (overrides?: RunOverrides) => Promise<Pair>
}>({
  begin: async ({ onTestFinished }, use) => {
    await use((overrides) => {
      const run = new MasterRun(overrides)
      onTestFinished(() => run.close())
      return run
    })
  },
  pair: async ({ begin }, use) => {
    await use(async (overrides = {}) => {
      const run = begin({ role: 'master', fleet: { expectWorkers: 2 }, ...overrides })
      return { run, one: await run.worker(1), two: await run.worker(2) }
    })
  },
})

export function configOf({ role = 'local', fleet, target, load, output, secrets }: RunOverrides = {}): RunConfig {
  const { sampling, workload } = plan()
  return {
    role,
    fleet: {
      ...{ processes: 1, expectWorkers: 1, expectWorkersMaxWaitS: null, masterBindHost: '127.0.0.1' },
      ...{ workerGraceS: 0, failOnWorkerLoss: false, masterMaxWaitS: 60 },
      ...{
        masterHost: '127.0.0.1',
        masterPort: 0,
        token: null,
        viewToken: null,
        controlToken: null,
        allowedTargets: [],
        tls: null,
      },
      ...fleet,
    },
    target: { provider: 'vllm', baseUrl: null, model: null, chat: false, stream: true, thinkTags: false, ...target },
    sampling,
    workload,
    load: loadPlan({ users: 4, spawnRate: 100, qps: 10, runTimeS: 0.5, ...load }),
    seed: 1,
    output: {
      ...{ headless: true, summaryFile: null, csvPrefix: null, json: true, onlySummary: false, printStats: false },
      ...{ maxFailRatio: 0.01, abortOnFailRatio: null, requireValid: false, requestLog: null, recordFrames: 0 },
      ...{ history: true, runsDir: null },
      ...output,
    },
    logging: { level: 'INFO', file: null },
    secrets: { apiKey: null, headers: [], ...secrets },
  }
}
