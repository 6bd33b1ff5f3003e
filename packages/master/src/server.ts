import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import { type FleetConfig, LoadError, type Log, MAX_FRAME_BYTES, messageOf, type RunConfig } from '@llmload/core'
import { type WebSocket, WebSocketServer } from 'ws'

const WORKER_PATH = '/worker'

export interface ServerOptions {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** What workers have to show; null = nothing. */
  readonly token: string | null
  readonly log: Log
  readonly onWorker: (socket: WebSocket) => void
}

/** Where workers of this host find the master, and what they have to show. */
export interface MasterAddress {
  readonly host: string
  readonly port: number
  readonly token: string | null
}

export interface MasterServer {
  readonly address: MasterAddress
  close(): Promise<void>
}

/**
 * The port of a run. Alone on this host it is any free one, for its own workers only; as `--master`
 * it is the one that was asked for. Where others could reach it, or nobody else has to know it, a
 * token is made if none was given.
 */
export async function openPort(
  role: RunConfig['role'],
  fleet: FleetConfig,
  log: Log,
  onWorker: (socket: WebSocket) => void,
): Promise<MasterServer> {
  if (role === 'local') return await listen({ host: '127.0.0.1', port: 0, token: generateToken(), log, onWorker })
  const { masterBindHost: host, masterPort: port } = fleet
  const token = fleet.token ?? (isLoopback(host) ? null : generateToken())
  const server = await listen({ host, port, token, log, onWorker })
  const command = workerCommand(host, server.address.port, fleet.token === null ? token : null)
  const withToken = fleet.token === null ? '' : ' (LLMLOAD_TOKEN as here)'
  log.info({ host, port: server.address.port }, `Waiting for workers. Start them${withToken} with: ${command}`)
  return server
}

/**
 * Opens the master's port: `GET /health`, and WebSockets on `/worker` for those who have the token.
 * Throws PORT_IN_USE or, for an address that this host does not have, BAD_OPTIONS.
 */
export async function listen(options: ServerOptions): Promise<MasterServer> {
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && pathOf(request) === '/health'
    response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain' }).end(found ? 'ok\n' : 'not found\n')
  })
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES })
  server.on('upgrade', (request, socket, head) => {
    const problem = problemOf(request, options.token)
    if (problem) return turnAway(socket, problem, options.log)
    sockets.handleUpgrade(request, socket, head, options.onWorker)
  })
  await bound(server, options)
  const host = isAnyAddress(options.host) ? '127.0.0.1' : options.host
  return {
    address: { host, port: portOf(server), token: options.token },
    close: () => close(server, sockets),
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
export function workerCommand(host: string, port: number, token: string | null): string {
  const secret = token === null ? '' : `LLMLOAD_TOKEN=${token} `
  return `${secret}npx llmload --worker --master-host ${reachableAddress(host)} --master-port ${port}`
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

interface Refusal {
  readonly status: string
  readonly why: string
}

function problemOf(request: IncomingMessage, token: string | null): Refusal | null {
  if (pathOf(request) !== WORKER_PATH) return { status: '404 Not Found', why: 'no such path' }
  // Only browsers send it: a page of another site must not be able to join a master on localhost.
  if (request.headers.origin !== undefined) return { status: '403 Forbidden', why: 'browsers cannot be workers' }
  if (token === null || sameSecret(request.headers.authorization ?? '', `Bearer ${token}`)) return null
  return { status: '401 Unauthorized', why: request.headers.authorization ? 'wrong token' : 'no token' }
}

/** Takes the same time wherever the two differ, and whatever their lengths. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function turnAway(socket: Duplex, { status, why }: Refusal, log: Log): void {
  log.warn({ status }, `a connection was turned away: ${why}`)
  socket.on('error', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${why.length + 1}\r\n\r\n${why}\n`,
  )
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}

function bound(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(error, host, port)))
    server.listen(port, host, resolve)
  })
}

function bindError(error: NodeJS.ErrnoException, host: string, port: number): LoadError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new LoadError(
        'PORT_IN_USE',
        `port ${port} of ${host} is in use`,
        'end the other master, or choose a port with --master-port',
        { cause: error },
      )
    case 'EACCES':
      return new LoadError(
        'PORT_IN_USE',
        `port ${port} of ${host} is not allowed for this user`,
        'choose a port above 1023 with --master-port',
        { cause: error },
      )
    default:
      return new LoadError(
        'BAD_OPTIONS',
        `cannot listen on ${host}: ${messageOf(error)}`,
        'give --master-bind-host an address of this host, or 0.0.0.0',
        { cause: error },
      )
  }
}

function portOf(server: Server): number {
  // A server that listens on TCP has an address, and it is an object.
  return (server.address() as AddressInfo).port
}

function close(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate()
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
