import { randomBytes } from 'node:crypto'
import { hostname, networkInterfaces } from 'node:os'
import type { Clock, FleetConfig, Log, RunConfig } from '@llmload/core'
import type { WebSocket } from 'ws'
import { listen, type Route } from './listen.js'
import type { TlsIdentity } from './tls.js'

/** 16 characters of chance cannot be guessed over a network. */
const MIN_TOKEN_LENGTH = 16

/** Where workers of this host find the master, and what they need to know. */
export interface MasterAddress {
  readonly host: string
  readonly port: number
  /** What they have to show; null = nothing. */
  readonly token: string | null
  /** Of the master's certificate; null = no TLS. */
  readonly fingerprint: string | null
}

export interface MasterServer {
  readonly address: MasterAddress
  close(): Promise<void>
}

interface PortDeps {
  readonly clock: Clock
  readonly log: Log
  /** For what may be on the screen, but not in a log. */
  readonly stderr: (text: string) => void
  /** Null = no TLS. */
  readonly tls: TlsIdentity | null
  /** What the port offers over HTTP besides `/health`. */
  readonly routes: readonly Route[]
  readonly onWorker: (socket: WebSocket) => void
}

/**
 * The port of a run. Alone on this host it is any free one, if none is asked for, for its own
 * workers only. Where others could join, or nobody else has to know it, a token is made if none was
 * given; it is printed where the person who has to copy it sees it, and not logged.
 */
export async function openPort(role: RunConfig['role'], fleet: FleetConfig, deps: PortDeps): Promise<MasterServer> {
  const { masterBindHost: host, viewToken: viewer, controlToken: controller } = fleet
  const { log, stderr, tls } = deps
  const exposed = !isLoopback(host)
  const given = role === 'local' ? null : fleet.token
  const token = given ?? (exposed || role === 'local' ? generateToken() : null)
  if (exposed) warnOfShort(log, { LLMLOAD_TOKEN: given, LLMLOAD_VIEW_TOKEN: viewer, LLMLOAD_CONTROL_TOKEN: controller })
  const access = { tokens: { worker: token, viewer, controller }, exposed }
  const { port, close } = await listen({ ...deps, host, port: fleet.masterPort, access })
  const fingerprint = tls?.fingerprint ?? null
  const address = { host: isAnyAddress(host) ? '127.0.0.1' : host, port, token, fingerprint }
  if (role === 'local') return { address, close }

  const command = workerCommand({ ...address, host })
  if (token !== null && given === null) {
    log.info(
      { host, port },
      'Waiting for workers. Start them with the command on stderr, which has a token for this run',
    )
    stderr(`LLMLOAD_TOKEN=${token} ${command}\n`)
  } else {
    const secret = given === null ? '' : ' (LLMLOAD_TOKEN as here)'
    log.info({ host, port }, `Waiting for workers. Start them${secret} with: ${command}`)
  }
  return { address, close }
}

/** What is tried a thousand times a second finds a short word. */
function warnOfShort(log: Log, tokens: Readonly<Record<string, string | null>>): void {
  for (const [name, token] of Object.entries(tokens)) {
    if (token === null || token.length >= MIN_TOKEN_LENGTH) continue
    log.warn({}, `${name} is short for a port that others can reach: make one with openssl rand -hex 24`)
  }
}

/** Whether an address can only be reached from this host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

export function generateToken(): string {
  return randomBytes(24).toString('base64url')
}

/** The command line that joins a master from another host, ready to be pasted there. */
export function workerCommand({ host, port, fingerprint }: Omit<MasterAddress, 'token'>): string {
  const pin = fingerprint === null ? '' : ` --master-fingerprint ${fingerprint}`
  return `npx llmload --worker --master-host ${reachableAddress(host)} --master-port ${port}${pin}`
}

/** Stands for all addresses of this host. */
const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** An address that another host can use. */
function reachableAddress(host: string): string {
  if (!isAnyAddress(host)) return host
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')
  return outward?.address ?? hostname()
}
