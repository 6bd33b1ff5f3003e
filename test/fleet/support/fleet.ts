import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { RunReport } from '../../../packages/core/src/index.js'
import { type Ended, Llmload } from '../../support/llmload.js'
import { type Host, type Impairment, Network } from './namespaces.js'
import { Outcome, type Worker } from './outcome.js'
import { Service } from './service.js'
import { readTruth, type Seen } from './truth.js'

export const MASTER_PORT = 5557
const SIM_PORT = 8000
/** Ends of addresses. Behind a relay the real server has another one. */
const MASTER = 1
const SIM = 2
const BEHIND_RELAY = 100
const FIRST_WORKER = 11

/** Of workers and master; nobody else is in their network. */
export const TOKEN = 'fleet-test-token'

const RELAY = fileURLToPath(new URL('slow-relay.mjs', import.meta.url))

/** How often a file is looked at while it grows. */
const LOOK_EVERY_MS = 20

export interface FleetOptions {
  readonly workers: number
  /** Workers that the master waits for, where that is more. */
  readonly expected?: number
  /** Of the run: `--qps 30 -t 5s`. */
  readonly load: string
  /** Of the simulator: `--ttft-ms 20`. */
  readonly sim?: string
  /** Every worker's way to master and simulator. */
  readonly network?: Impairment & { readonly by: 'netem' | 'relay' }
  /** Workers and master talk by TLS, pinned to the certificate that the master makes. */
  readonly tls?: boolean
  /** Where the master keeps the folder of the run; else with the logs of the hosts. */
  readonly runs?: string
  /** Shell command that the master's host runs before the master. */
  readonly masterSetup?: string
}

/** Starts simulator, master and workers, each on a host of its own. All ends with the test. */
export async function fleet(options: FleetOptions): Promise<Fleet> {
  const network = new Network()
  const started = new Fleet(network, options)
  onTestFinished(async ({ task }) => {
    await network.remove()
    await started.putAway(task.result?.state === 'fail')
  })
  await started.simulator.says(/listens on/)
  await started.startMaster()
  for (let i = 0; i < options.workers; i++) await started.join()
  return started
}

export class Fleet {
  readonly simulator: Llmload
  readonly workers: Worker[] = []
  readonly #network: Network
  readonly #options: FleetOptions
  readonly #masterHost: Host
  readonly #simHost: Host
  readonly #evidence = mkdtempSync(join(tmpdir(), 'llmload-fleet-'))
  readonly #truthLog: string
  #master: Llmload | null = null
  /** What else a worker has to be given to join. */
  #joining = ''

  constructor(network: Network, options: FleetOptions) {
    this.#network = network
    this.#options = options
    this.#masterHost = network.addHost('master', MASTER)
    this.#simHost = network.addHost('sim', SIM)
    if (options.network?.by === 'relay') {
      for (const host of [this.#masterHost, this.#simHost]) host.addAddress(behindRelay(host.address))
    }
    this.#truthLog = join(this.#evidence, 'truth.ndjson')
    const args = `sim --host 0.0.0.0 --port ${SIM_PORT} --truth-log ${this.#truthLog} ${options.sim ?? ''}`
    this.simulator = new Llmload(words(args), {}, this.#simHost.within)
  }

  get master(): Llmload {
    if (!this.#master) throw new Error('there is no master yet')
    return this.#master
  }

  worker(number: number): Worker {
    const worker = this.workers[number]
    if (!worker) throw new Error(`there are ${this.workers.length} workers`)
    return worker
  }

  others(than: Worker): Worker[] {
    return this.workers.filter((worker) => worker !== than)
  }

  get masterAddress(): string {
    return this.#masterHost.address
  }

  /** The master of a run with the load of this fleet; resolves when workers may come. */
  async startMaster({ seed = 5 } = {}): Promise<void> {
    const { workers, expected = workers, load, tls, runs = this.#evidence, masterSetup } = this.#options
    const args = [
      `--master --master-bind-host 0.0.0.0 --master-port ${MASTER_PORT} --expect-workers ${expected}`,
      `-H http://${this.#simHost.address}:${SIM_PORT} -p 50 -o 10 --seed ${seed} --headless --json --runs-dir ${runs}`,
      `${load} ${tls ? '--tls' : ''}`,
    ]
    const setup = masterSetup === undefined ? [] : ['sh', '-c', `${masterSetup} && exec "$@"`, 'sh']
    const within = [...this.#masterHost.within, ...setup]
    this.#master = new Llmload(words(args.join(' ')), { LLMLOAD_TOKEN: TOKEN }, within)
    const command = /Waiting for workers.* --master-port \d+( --master-fingerprint \S+)?/
    const [, pin = ''] = await this.#master.says(command)
    this.#joining = pin
  }

  /** A worker on a new host. `proxy`: script that shall stand between it and its master. */
  async join({ proxy }: { readonly proxy?: string } = {}): Promise<Worker> {
    const number = this.workers.length
    const host = await this.addHost(`worker${number}`, FIRST_WORKER + number)
    if (proxy !== undefined) {
      const route = [MASTER_PORT, this.masterAddress, MASTER_PORT].map(String)
      await new Service([...host.within, process.execPath, proxy, ...route]).says('ready')
    }
    const masterHost = proxy === undefined ? this.masterAddress : '127.0.0.1'
    const args = words(`--worker --master-host ${masterHost} --master-port ${MASTER_PORT} ${this.#joining}`)
    const worker = { host, process: new Llmload(args, { LLMLOAD_TOKEN: TOKEN }, host.within) }
    this.workers.push(worker)
    return worker
  }

  /** A further host, behind the same kind of network as the workers. */
  async addHost(name: string, number: number): Promise<Host> {
    const host = this.#network.addHost(name, number)
    const { network } = this.#options
    if (network?.by === 'netem') host.impair(network)
    if (network?.by === 'relay') await this.#startRelay(host, network)
    return host
  }

  /** Resolves when the simulator is done with so many generations, or so many of one worker. */
  async generations(count: number, worker?: Worker): Promise<void> {
    const from = worker ? `"peer":"${worker.host.address}",` : ''
    while (this.#truthLines(`${from}"path":"/v1/completions"`) < count) {
      await Promise.race([delay(LOOK_EVERY_MS), this.master.ended.then(endedTooSoon)])
    }
  }

  /** Stops the simulator; what it saw. */
  async truth(): Promise<Seen[]> {
    this.simulator.signal('SIGTERM')
    await this.simulator.ended
    return readTruth(this.#truthLog)
  }

  /** Waits for the end of the run and takes stock. */
  async outcome(): Promise<Outcome> {
    const ended = await this.master.ended
    return await Outcome.of(reportOf(ended), ended, await this.truth(), this.workers)
  }

  /** Removes the simulator's log, or keeps it with those of the others and says where. */
  async putAway(hasFailed: boolean): Promise<void> {
    if (!hasFailed) return rmSync(this.#evidence, { recursive: true })
    const master = await this.master.ended
    writeFileSync(join(this.#evidence, 'master.log'), master.stderr)
    writeFileSync(join(this.#evidence, 'report.json'), master.stdout)
    for (const { host, process } of this.workers) {
      writeFileSync(join(this.#evidence, `${host.name}.log`), (await process.ended).stderr)
    }
    process.stdout.write(`what the hosts said is in ${this.#evidence}\n`)
  }

  /** Lines of the log so far that have some words. */
  #truthLines(words: string): number {
    return existsSync(this.#truthLog) ? readFileSync(this.#truthLog, 'utf8').split(words).length - 1 : 0
  }

  async #startRelay(host: Host, { latencyMs, jitterMs, lossPercent }: Impairment): Promise<void> {
    const servers = [
      { address: this.masterAddress, port: MASTER_PORT },
      { address: this.#simHost.address, port: SIM_PORT },
    ]
    const routes = servers.flatMap(({ address, port }) => [`${address}:${port}`, `${behindRelay(address)}:${port}`])
    for (const { address } of servers) host.answerFor(address)
    const numbers = [latencyMs, jitterMs, lossPercent].map(String)
    await new Service([...host.within, process.execPath, RELAY, ...numbers, ...routes]).says('ready')
  }
}

function reportOf({ code, stdout, stderr }: Ended): RunReport {
  if (!stdout.startsWith('{')) throw new Error(`no report, exit code ${code}:\n${stderr}`)
  return JSON.parse(stdout) as RunReport
}

function endedTooSoon({ code, stderr }: Ended): never {
  throw new Error(`the master ended with ${code} before the simulator had its requests:\n${stderr}`)
}

const behindRelay = (address: string): string =>
  address.replace(/\d+$/, (number) => String(Number(number) + BEHIND_RELAY))

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '')
