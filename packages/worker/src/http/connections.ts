import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import type { Clock } from '@llmload/core'
import { Connection } from './connection.js'
import { sharedLookup } from './shared-lookup.js'

/** uvicorn, and with it vLLM, closes a connection that idles for 5 s; a request sent at that moment fails. */
const KEEP_ALIVE_MS = 4000

/** As much as Node itself reads at once. */
const READ_BYTES = 64 * 1024

interface Idle {
  readonly connection: Connection
  /** When it must not be used any more. */
  readonly untilMs: number
}

/**
 * Connections to one origin, one request at a time on each, and as many as there are requests. The
 * one that was used last is used next, so that the others may idle out. All read into one buffer.
 */
export class Connections {
  readonly #clock: Clock
  readonly #url: URL
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  readonly #all = new Set<Connection>()
  /** The one that was used last comes last. */
  #idle: Idle[] = []
  readonly #lookup: TcpNetConnectOpts['lookup']
  /** Lets a handshake be short after the first. */
  #tlsSession: Buffer | undefined

  constructor(url: URL, clock: Clock) {
    this.#url = url
    this.#clock = clock
    this.#lookup = sharedLookup(clock)
  }

  /** An idle connection, or null; to be given back by `release` or `drop`. */
  reuse(): Connection | null {
    const nowMs = this.#clock.nowMs()
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.connection.isOpen && nowMs < idle.untilMs) return idle.connection
      this.drop(idle.connection)
    }
    return null
  }

  /** A new connection, to be given back by `release` or `drop`. */
  open(): Connection {
    const connection = new Connection({
      open: (onRead, onConnected) => this.#open(onRead, onConnected),
      buffer: this.#buffer,
      clock: this.#clock,
    })
    this.#all.add(connection)
    return connection
  }

  /** Keeps a connection whose response is complete, if it may be used again. */
  release(connection: Connection): void {
    const limitMs = Math.min(connection.idleLimitMs, KEEP_ALIVE_MS)
    if (limitMs <= 0 || !connection.isOpen) this.drop(connection)
    else this.#idle.push({ connection, untilMs: this.#clock.nowMs() + limitMs })
  }

  /** Closes a connection at once. */
  drop(connection: Connection): void {
    this.#all.delete(connection)
    void connection.close()
  }

  /** Closes the connections that have been idle for too long. */
  dropStale(): void {
    const nowMs = this.#clock.nowMs()
    const isStale = ({ connection, untilMs }: Idle) => nowMs >= untilMs || !connection.isOpen
    if (!this.#idle.some(isStale)) return
    for (const idle of this.#idle) if (isStale(idle)) this.drop(idle.connection)
    this.#idle = this.#idle.filter(({ connection }) => connection.isOpen)
  }

  /** Closes all connections, those that are being made too. */
  async close(): Promise<void> {
    const closing = [...this.#all].map((connection) => connection.close())
    this.#all.clear()
    this.#idle.length = 0
    await Promise.all(closing)
  }

  #open(onRead: (bytes: number) => true, onConnected: () => void): Socket {
    const { protocol, port, hostname } = this.#url
    const isTls = protocol === 'https:'
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const options: TcpNetConnectOpts & TlsOptions = {
      host,
      port: Number(port) || (isTls ? 443 : 80),
      lookup: this.#lookup,
      noDelay: true,
      onread: { buffer: this.#buffer, callback: onRead },
    }
    if (!isTls) return connectTcp(options).once('connect', onConnected)
    const servername = isIP(host) ? {} : { servername: host }
    const session = this.#tlsSession ? { session: this.#tlsSession } : {}
    return connectTls({ ...options, ...servername, ...session, ALPNProtocols: ['http/1.1'] })
      .on('session', (ticket) => {
        this.#tlsSession = ticket
      })
      .once('secureConnect', onConnected)
  }
}
