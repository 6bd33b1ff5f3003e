import { Socket } from 'node:net'
import type { Clock } from '@llmload/core'
import { buildConnector } from 'undici'

/** Our deadline for a connection is the plan's and comes first; undici's only tidies up what is left. */
const CONNECT_GRACE_MS = 1000

/**
 * The sockets of a client. It stamps each read once, before anything of it is parsed: all that a
 * read brings, events of many HTTP chunks too, arrived at the same time.
 */
export class Sockets {
  /** When the bytes that are being parsed now were read. */
  readMs = Number.NaN
  readonly connect: buildConnector.connector
  readonly #open = new Set<Socket>()

  constructor(clock: Clock, connectTimeoutMs: number) {
    const connectAny = buildConnector({ timeout: connectTimeoutMs + CONNECT_GRACE_MS })
    const stamp = () => {
      this.readMs = clock.nowMs()
    }
    this.connect = (options, callback) => {
      // undici returns the socket, although its types do not say so.
      const socket: unknown = connectAny(options, (...result) => {
        // Before undici listens itself, so that the stamp is there when it parses.
        result[1]?.on('readable', stamp).on('end', stamp).on('error', stamp).on('close', stamp)
        callback(...result)
      })
      if (socket instanceof Socket) this.#keep(socket)
    }
  }

  /** Ends all sockets, those that are still connecting too. */
  async close(): Promise<void> {
    const closed = [...this.#open].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    for (const socket of this.#open) socket.destroy()
    await Promise.all(closed)
  }

  #keep(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
  }
}
