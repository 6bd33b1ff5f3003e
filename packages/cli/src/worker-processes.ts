import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LogLevel, TlsConfig } from '@llmload/core'
import type { WorkerProcesses } from '@llmload/master'

type ProcessEnd = Awaited<WorkerProcesses['exited']>

/** What is installed as `llmload`. */
export const LLMLOAD = fileURLToPath(new URL('../bin/llmload.js', import.meta.url))

/**
 * How a worker is run. It has one core, and garbage is collected there: helpers would need the cores of others,
 * and where those are busy the event loop waits for them, which made the 99th percentile of the TTFT error
 * of 1,500 streams twice as large.
 */
export const NODE_OF_WORKERS: readonly string[] = [process.execPath, '--single-threaded-gc']

/** A child that is told to go has nothing to wait for: its run is over, or its master gone. */
const GOODBYE_MS = 5000
/** Enough for an error with its hint and the log lines before it. */
const TAIL_CHARS = 4000

export interface WorkerCommand {
  readonly count: number
  readonly masterHost: string
  readonly masterPort: number
  readonly token: string | null
  /** How the children know the master; null = no TLS. */
  readonly tls: Pick<TlsConfig, 'masterFingerprint' | 'caFile'> | null
  /** Hosts that they may send load to; none = all. */
  readonly allowedTargets?: readonly string[]
  readonly logLevel: LogLevel
  /** Whether what the children log is shown as it comes. */
  readonly showLog: boolean
}

/**
 * Worker processes on this host. Each leads a session of its own, so that Ctrl-C in the terminal
 * reaches only us: they end with their run, and at once when their master is gone.
 */
export class Workers implements WorkerProcesses {
  readonly count: number
  readonly exited: Promise<ProcessEnd>
  readonly each: readonly Promise<ProcessEnd>[]
  /** All of them, when the last one has ended. */
  readonly ends: Promise<readonly ProcessEnd[]>
  readonly #children: readonly ChildProcess[]
  readonly #goodbyeMs: number
  #told = false

  /** @param program what a process runs, before the arguments that are made from `command`. */
  constructor(
    command: WorkerCommand,
    program: readonly string[] = [...NODE_OF_WORKERS, LLMLOAD],
    goodbyeMs = GOODBYE_MS,
  ) {
    this.#goodbyeMs = goodbyeMs
    this.count = command.count
    this.#children = Array.from({ length: command.count }, () => start(program, command))
    const ends = this.#children.map((child) => endOf(child, command.showLog))
    this.each = ends
    this.ends = Promise.all(ends)
    this.exited = new Promise((resolve) => {
      for (const end of ends) void end.then((how) => this.#told || resolve(how))
    })
  }

  /** Asks all to leave their run in order. */
  leave(): void {
    this.#told = true
    this.#signal('SIGTERM')
  }

  /** Ends those that are left, by force if they do not go. */
  async stop(): Promise<void> {
    this.leave()
    const patience = new AbortController()
    void delay(this.#goodbyeMs, undefined, { signal: patience.signal }).then(
      () => this.#signal('SIGKILL'),
      () => {}, // they are gone
    )
    await this.ends
    patience.abort()
  }

  #signal(signal: NodeJS.Signals): void {
    for (const child of this.#children) child.kill(signal)
  }
}

function start([program = '', ...args]: readonly string[], command: WorkerCommand): ChildProcess {
  const { masterHost, masterPort, logLevel, token, tls, allowedTargets = [] } = command
  const flags = ['--worker', '--master-host', masterHost, '--master-port', String(masterPort), '--loglevel', logLevel]
  const targets = allowedTargets.flatMap((target) => ['--allow-target', target])
  return spawn(program, [...args, ...flags, ...tlsFlags(tls), ...targets], {
    detached: true,
    env: childEnv(process.env, token),
    // By the channel they know when this process is gone: see `orphaned`.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

function tlsFlags(tls: WorkerCommand['tls']): string[] {
  if (tls === null) return []
  if (tls.masterFingerprint !== null) return ['--master-fingerprint', tls.masterFingerprint]
  return tls.caFile === null ? ['--tls'] : ['--tls-ca', tls.caFile]
}

/** Our environment without our settings: what a child has to know it is told. The token is in no argument list. */
export function childEnv(env: NodeJS.ProcessEnv, token: string | null): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('LLMLOAD_'))
  return { ...Object.fromEntries(others), ...(token !== null && { LLMLOAD_TOKEN: token }) }
}

async function endOf(child: ChildProcess, showLog: boolean): Promise<ProcessEnd> {
  let stderrTail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-TAIL_CHARS)
    if (showLog) process.stderr.write(text)
  })
  try {
    const [code, signal] = await once(child, 'close')
    return { pid: child.pid, code, signal, stderrTail }
  } catch (error) {
    return { pid: undefined, code: null, signal: null, stderrTail: `it could not be started: ${error}` }
  }
}
