import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Clock, LoadError, type Log, MAX_FRAME_BYTES, messageOf } from '@llmload/core'
import { type WebSocket, WebSocketServer } from 'ws'
import { type AccessRules, type Refusal, type Role, refusalOf, refusalOfHost, refusalOfWorker } from './access.js'
import { Connections, MAX_CONNECTIONS, STRANGER_LIMIT_MS } from './connections.js'
import { limitFrames } from './frame-limits.js'
import { RefusalLog } from './refusal-log.js'
import type { TlsIdentity } from './tls.js'

const WORKER_PATH = '/worker'

/** Headers that are slow to come, or more than anyone needs, are an attack. */
const HTTP_LIMITS = {
  headersTimeout: STRANGER_LIMIT_MS,
  requestTimeout: 3 * STRANGER_LIMIT_MS,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
}
const MAX_HEADERS = 100

const WEBSOCKET_LIMITS = { perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES, maxFragments: 64, closeTimeout: 5000 }

/** One thing that the master does over HTTP. Everything that can go wrong before `handle` is answered for it. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** The whole path, without a query. */
  readonly path: string
  readonly role: Role
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>
}

export interface ListenOptions {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** Null = no TLS. */
  readonly tls: TlsIdentity | null
  readonly access: AccessRules
  readonly routes: readonly Route[]
  readonly clock: Clock
  readonly log: Log
  readonly onWorker: (socket: WebSocket) => void
}

export interface OpenPort {
  readonly port: number
  close(): Promise<void>
}

const HEALTH: Route = {
  method: 'GET',
  path: '/health',
  role: 'open',
  handle: (_request, response) => answer(response, 200, 'ok'),
}

/**
 * Opens the master's port: its routes, and WebSockets on `/worker`, for those who may. Throws
 * PORT_IN_USE or, for an address that this host does not have, BAD_OPTIONS.
 */
export async function listen(options: ListenOptions): Promise<OpenPort> {
  const { tls, clock, log } = options
  const connections = new Connections(clock)
  const refusals = new RefusalLog(clock, log)
  const server = create(tls, (request, response) => {
    const route = admit(request, options)
    if ('why' in route) return refuse(request, response, route, refusals)
    if (route.role === 'open') response.shouldKeepAlive = false
    else connections.welcome(request.socket)
    void serve(route, request, response, log)
  })
  server.maxConnections = MAX_CONNECTIONS
  server.maxHeadersCount = MAX_HEADERS
  server.on('connection', (socket) => connections.add(socket))

  const sockets = new WebSocketServer({ noServer: true, ...WEBSOCKET_LIMITS })
  server.on('upgrade', (request, socket, head) => {
    const refusal = refusalOfUpgrade(request, options)
    if (refusal) return turnAway(request, socket, refusal, refusals)
    sockets.handleUpgrade(request, socket, head, (worker) => {
      limitFrames(worker, clock)
      worker.once('message', () => connections.welcome(request.socket))
      options.onWorker(worker)
    })
  })
  await bound(server, options)
  return {
    port: portOf(server),
    close: () => {
      connections.close()
      return close(server, sockets)
    },
  }
}

function create(tls: TlsIdentity | null, listener: RequestListener): Server {
  if (tls === null) return createServer(HTTP_LIMITS, listener)
  const { key, certificate: cert } = tls
  return createTlsServer({ ...HTTP_LIMITS, key, cert, handshakeTimeout: STRANGER_LIMIT_MS }, listener)
}

/** The route that a request is for, or why it has none. */
function admit(request: IncomingMessage, { routes, access }: ListenOptions): Route | Refusal {
  const refusal = refusalOfHost(request, access)
  if (refusal) return refusal
  const ofPath = [HEALTH, ...routes].filter(({ path }) => path === pathOf(request))
  if (ofPath.length === 0) return { status: 404, why: 'no such path' }
  // An answer to HEAD has no body: Node leaves it out.
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const route = ofPath.find((route) => route.method === method)
  if (route) return refusalOf(request, route.role, access) ?? route
  const allow = ofPath.map(({ method }) => method).join(', ')
  return { status: 405, why: `this path takes ${allow} only`, allow }
}

function refusalOfUpgrade(request: IncomingMessage, { access }: ListenOptions): Refusal | null {
  const refusal = refusalOfHost(request, access)
  if (refusal) return refusal
  if (pathOf(request) !== WORKER_PATH) return { status: 404, why: 'no such path' }
  return refusalOfWorker(request, access)
}

async function serve(route: Route, request: IncomingMessage, response: ServerResponse, log: Log): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff')
  try {
    await route.handle(request, response)
  } catch (error) {
    log.error({ path: route.path }, `a fault of llmload: ${messageOf(error)}`)
    if (response.headersSent) response.destroy()
    else answer(response, 500, 'a fault of llmload: see the log of the master')
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal, log: RefusalLog): void {
  const { status, why, allow } = refusal
  if (isSuspicious(refusal)) log.add(request.socket.remoteAddress ?? '', status, why)
  if (status === 401) response.setHeader('www-authenticate', 'Bearer')
  if (allow) response.setHeader('allow', allow)
  response.shouldKeepAlive = false
  answer(response, status, why)
}

/** The same for one who asked for a WebSocket, which Node hands over without a response. */
function turnAway({ socket: { remoteAddress } }: IncomingMessage, socket: Duplex, refusal: Refusal, log: RefusalLog) {
  const { status, why } = refusal
  log.add(remoteAddress ?? '', status, why)
  socket.on('error', () => socket.destroy())
  const fields = ['Connection: close', 'Content-Type: text/plain', `Content-Length: ${why.length + 1}`]
  socket.end([`HTTP/1.1 ${status} Refused`, ...fields, '', `${why}\n`].join('\r\n'))
}

/** Anyone may mistake a path; who has no right to one wants more. */
const isSuspicious = ({ status }: Refusal): boolean => status === 401 || status === 403

function answer(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`)
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}

function bound(server: Server, { host, port }: ListenOptions): Promise<void> {
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
