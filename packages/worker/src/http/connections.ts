import { Socket } from 'node:net'
import type { Clock } from '@llmload/core'
import { buildConnector, Client, type Dispatcher } from 'undici'

/** uvicorn, and with it vLLM, closes a connection that idles for 5 s; a request sent at that moment fails. */
const KEEP_ALIVE_MS = 4000

/** Requests have a deadline for their connection, which comes first; undici's only tidies up behind it. */
const CONNECT_GRACE_MS = 1000

export interface ConnectionOptions {
  readonly origin: string
  readonly clock: Clock
  readonly connectTimeoutMs: number
}

/**
 * Connections to one origin, one request at a time on each, and as many as there are requests. The
 * one that was used last is used next, so that the others may idle out. undici's own Pool does not
 * serve: for every request that is aborted it makes a new connection, and cannot tell which is whose.
 */
export class Connections {
  /** When the bytes that are being parsed now were read. */
  readMs = Number.NaN
  readonly #options: ConnectionOptions
  readonly #connect: buildConnector.connector
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#connect = buildConnector({ timeout: options.connectTimeoutMs + CONNECT_GRACE_MS })
  }

  /** A connection for one request: to be given back by `release` when its response is complete, else by `drop`. */
  acquire(): Connection {
    return this.#idle.pop() ?? this.#add()
  }

  release(connection: Connection): void {
    if (this.#all.has(connection)) this.#idle.push(connection)
  }

  /** Closes a connection on which a request was cut off or failed. */
  drop(connection: Connection): void {
    this.#all.delete(connection)
    void connection.close()
  }

  /** Closes all connections, those that are being made too. */
  async close(): Promise<void> {
    const closing = [...this.#all].map((connection) => connection.close())
    this.#all.clear()
    this.#idle.length = 0
    await Promise.all(closing)
  }

  #add(): Connection {
    const stamp = () => {
      this.readMs = this.#options.clock.nowMs()
    }
    const connection = new Connection(this.#options.origin, this.#connect, stamp)
    this.#all.add(connection)
    return connection
  }
}

/** A place for one connection: undici makes it with the first request, and anew when it has idled out. */
export class Connection {
  readonly #client: Client
  #socket: Socket | null = null
  #used = false

  /** `onRead` is called for each read of the socket, before anything of it is parsed, and at its end. */
  constructor(origin: string, connect: buildConnector.connector, onRead: () => void) {
    this.#client = new Client(origin, {
      connect: (options, callback) => this.#keep(connect(options, stampReads(callback, onRead))),
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /** A request starts. Returns whether it is the first on this connection, which then was made for it. */
  use(): boolean {
    const first = !this.#used
    this.#used = true
    return first
  }

  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(request, handler)
  }

  async close(): Promise<void> {
    const socket = this.#socket
    const closed = socket && new Promise((resolve) => socket.once('close', resolve))
    void this.#client.destroy()
    // undici lets go of a socket that is still connecting only once it has connected.
    socket?.destroy()
    await closed
  }

  /** undici's connector returns the socket that it connects, although its types do not say so. */
  #keep(socket: unknown): void {
    if (!(socket instanceof Socket)) return
    this.#socket = socket
    this.#used = false
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = null
    })
  }
}

/** Listens before undici does, so that the stamp is taken before it parses; at the end of the socket too, where a body may end. */
function stampReads(callback: buildConnector.Callback, onRead: () => void): buildConnector.Callback {
  return (...result) => {
    result[1]?.on('readable', onRead).on('end', onRead).on('error', onRead).on('close', onRead)
    callback(...result)
  }
}
