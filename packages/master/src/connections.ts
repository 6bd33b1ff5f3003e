import type { Socket } from 'node:net'
import type { Clock } from '@llmload/core'

/** More than any fleet has; each costs memory. */
export const MAX_CONNECTIONS = 4096

/** Of them, those that have not shown yet that they may be here. The next one takes the place of the oldest. */
export const MAX_STRANGERS = 512

/** A worker says hello and a client asks within milliseconds. */
export const STRANGER_LIMIT_MS = 10_000

/** What waits for someone who does not read it. Longer answers have to be streamed. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024

const SWEEP_MS = 1000

interface Connection {
  readonly socket: Socket
  readonly sinceMs: number
}

/**
 * The connections of a server, so that nobody can use up its memory by opening many, by saying
 * nothing, or by not reading. Of those who have shown nothing yet the oldest goes first: who
 * holds such connections in thousands cannot keep a worker out, which is through in milliseconds.
 */
export class Connections {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #strangers = new Map<string, Connection>()
  readonly #known = new Map<string, Socket>()
  readonly #timer: NodeJS.Timeout

  constructor(clock: Clock) {
    this.#clock = clock
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS)
  }

  /** A new one. */
  add(socket: Socket): void {
    const id = idOf(socket)
    const [oldest] = this.#strangers.keys()
    if (oldest !== undefined && this.#strangers.size >= MAX_STRANGERS) this.#drop(oldest)
    this.#strangers.set(id, { socket, sinceMs: this.#clock.nowMs() })
    socket.once('close', () => {
      this.#strangers.delete(id)
      this.#known.delete(id)
    })
  }

  /** It has shown that it may be here. Under TLS its socket is another than the one that came in. */
  welcome(socket: Socket): void {
    const id = idOf(socket)
    if (!this.#strangers.delete(id)) return
    this.#known.set(id, socket)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #sweep(): void {
    const sinceMs = this.#clock.nowMs() - STRANGER_LIMIT_MS
    for (const [id, stranger] of this.#strangers) if (stranger.sinceMs < sinceMs) this.#drop(id)
    for (const socket of this.#known.values()) if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy()
  }

  #drop(id: string): void {
    this.#strangers.get(id)?.socket.destroy()
    this.#strangers.delete(id)
  }
}

/** No two connections that are open have the same. */
const idOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
