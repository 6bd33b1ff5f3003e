import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { messageOf } from '../../../packages/core/src/index.js'

/** Begins the names of all that we make, followed by the process that made it. */
const PREFIX = 'llmload-test-'

/** Nobody else is in the namespaces, so any private network will do. */
const SUBNET = '10.203.0.'

/** Ends the processes in the namespaces whose names begin with $1, and removes these, unless another does so already. */
const REMOVE = `
for name in $(ip netns list | cut -d' ' -f1 | grep "^$1"); do
  ip netns pids "$name" 2> /dev/null | xargs -r kill -KILL 2> /dev/null
  ip netns delete "$name" 2> /dev/null
done
true`

/** The same, when the process that holds the other end of our stdin lets go of it or dies. */
const REMOVE_AT_END = `cat > /dev/null; ${REMOVE}`

/** A network interface that is slow and loses packets, for `tc netem`. */
export interface Impairment {
  readonly latencyMs: number
  readonly jitterMs: number
  readonly lossPercent: number
}

let networks = 0

/** Why hosts cannot be made here; null = they can. Takes away what test runs that were killed have left. */
export function whyNoHosts(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux'
  if (process.getuid?.() !== 0) return 'making network namespaces needs root'
  try {
    sweep()
    const network = new Network()
    network.addHost('probe', 1)
    network.removeNow()
    return null
  } catch (error) {
    return `network namespaces cannot be made: ${messageOf(error).trim().split('\n').at(-1)}`
  }
}

/** Whether the kernel can delay and lose packets. */
export function hasNetem(): boolean {
  const network = new Network()
  try {
    network.addHost('probe', 1).impair({ latencyMs: 1, jitterMs: 0, lossPercent: 0 })
    return true
  } catch {
    return false
  } finally {
    network.removeNow()
  }
}

/**
 * Hosts on one switch. Each is a network namespace with a cable to a bridge, which has a namespace of
 * its own: nothing is added to the network of this machine. A guard removes it all, with the
 * processes in it, when it is told to and also when this process is killed.
 */
export class Network {
  readonly #prefix = `${PREFIX}${process.pid}-${networks++}-`
  readonly #switch = `${this.#prefix}switch`
  readonly #guard: ChildProcess

  constructor() {
    this.#guard = spawn('sh', ['-c', REMOVE_AT_END, 'sh', this.#prefix], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    ip('netns', 'add', this.#switch)
    ip('-n', this.#switch, 'link', 'add', 'bridge', 'type', 'bridge')
    ip('-n', this.#switch, 'link', 'set', 'bridge', 'up')
  }

  /** A new host, plugged in. `number` is the end of its address. */
  addHost(name: string, number: number): Host {
    const namespace = `${this.#prefix}${name}`
    const address = `${SUBNET}${number}`
    ip('netns', 'add', namespace)
    const cable = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]
    ip('-n', this.#switch, 'link', 'add', 'name', name, ...cable)
    ip('-n', this.#switch, 'link', 'set', 'dev', name, 'master', 'bridge', 'up')
    ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    for (const device of ['lo', 'eth0']) ip('-n', namespace, 'link', 'set', 'dev', device, 'up')
    return new Host(name, namespace, address, this.#switch)
  }

  /** Ends all that runs on the hosts, and removes them. */
  async remove(): Promise<void> {
    const removed = once(this.#guard, 'exit')
    this.#guard.stdin?.end()
    await removed
  }

  /** The same, for where nothing can be awaited. */
  removeNow(): void {
    remove(this.#prefix)
    this.#guard.stdin?.end()
  }
}

/** One host: a network namespace with an address and a cable to the switch. */
export class Host {
  /** What a command line has to begin with to run on this host. */
  readonly within: readonly string[]
  readonly #switch: string

  constructor(
    readonly name: string,
    readonly namespace: string,
    readonly address: string,
    switchNamespace: string,
  ) {
    this.#switch = switchNamespace
    this.within = ['ip', 'netns', 'exec', namespace]
  }

  /** Pulls the cable out. */
  cut(): void {
    ip('-n', this.#switch, 'link', 'set', 'dev', this.name, 'down')
  }

  plugIn(): void {
    ip('-n', this.#switch, 'link', 'set', 'dev', this.name, 'up')
  }

  /** Lets this host, too, take packets to an address: there is a relay for it here. */
  answerFor(address: string): void {
    ip('-n', this.namespace, 'address', 'add', `${address}/32`, 'dev', 'lo')
  }

  /** A further address by which the other hosts reach this one. */
  addAddress(address: string): void {
    ip('-n', this.namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0')
  }

  /** Makes what this host sends late and lossy. Throws where the kernel has no netem. */
  impair({ latencyMs, jitterMs, lossPercent }: Impairment): void {
    const netem = ['netem', 'delay', `${latencyMs}ms`, `${jitterMs}ms`, 'loss', `${lossPercent}%`]
    execFileSync('tc', ['-n', this.namespace, 'qdisc', 'add', 'dev', 'eth0', 'root', ...netem], { stdio: 'pipe' })
  }
}

/** Removes what is left of processes that are no more. */
function sweep(): void {
  const names = ip('netns', 'list').split('\n')
  const owners = names.map((name) => name.match(`^${PREFIX}(\\d+)-`)?.[1])
  for (const pid of new Set(owners)) {
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) remove(`${PREFIX}${pid}-`)
  }
}

const remove = (prefix: string): void => {
  execFileSync('sh', ['-c', REMOVE, 'sh', prefix], { stdio: 'pipe' })
}

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { stdio: 'pipe' }).toString()
