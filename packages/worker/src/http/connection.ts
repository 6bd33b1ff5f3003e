import type { Socket } from 'node:net'
import type { Clock } from '@llmload/core'
import { ConnectionClosedError } from './connection-errors.js'
import { ResponseParser, type ResponseSink } from './response-parser.js'

/** A request on its way, which is told of its response. None of this is called before `carry` has returned. */
export interface Cargo extends ResponseSink {
  /** The connection had to be made first, and now is. */
  connected(): void
  /** A read brought bytes at this instant; what they mean follows. */
  heard(atMs: number): void
  /** The response is complete, and the connection carries nothing any more. */
  complete(atMs: number): void
  /** The connection broke, or what came is no response. `answered` = some bytes had come back. */
  broken(error: Error, answered: boolean): void
}

export interface ConnectionOptions {
  /** Opens a socket that puts what it reads at the begin of `buffer`, and says how much that is. */
  readonly open: (onRead: (bytes: number) => true, onConnected: () => void) => Socket
  /** May be shared: what is read is used up before the next read. */
  readonly buffer: Buffer
  readonly clock: Clock
}

/** One socket, with one request at a time on it. */
export class Connection {
  /** How long it may lie idle after its last response; 0 = it cannot be used again. */
  idleLimitMs = 0
  readonly #clock: Clock
  readonly #buffer: Buffer
  readonly #socket: Socket
  #isConnected = false
  #cargo: Cargo | null = null
  #request: readonly Buffer[] = []
  #parser: ResponseParser | null = null
  #answered = false

  constructor({ open, buffer, clock }: ConnectionOptions) {
    this.#clock = clock
    this.#buffer = buffer
    const onRead = (bytes: number): true => {
      this.#read(bytes)
      return true
    }
    this.#socket = open(onRead, () => this.#connected())
      .on('error', (error) => this.#break(error))
      .on('end', () => this.#ended())
      .on('close', () => this.#break(new ConnectionClosedError()))
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  /** False once it is known to be closed, which the other side may have done long before. */
  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** Sends a request, given in pieces, as soon as it is connected. */
  carry(cargo: Cargo, request: readonly Buffer[]): void {
    this.#cargo = cargo
    this.#request = request
    this.#parser = new ResponseParser(cargo)
    this.#answered = false
    if (this.#isConnected) this.#send()
  }

  /** Closes it at once; its cargo hears no more. Resolves when it is closed. */
  async close(): Promise<void> {
    this.#cargo = null
    if (this.#socket.closed) return
    const closed = new Promise((resolve) => this.#socket.once('close', resolve))
    this.#socket.destroy()
    await closed
  }

  #connected(): void {
    this.#isConnected = true
    this.#cargo?.connected()
    this.#send()
  }

  /** In one system call, without copying a body that may be large. */
  #send(): void {
    this.#socket.cork()
    for (const piece of this.#request) this.#socket.write(piece)
    this.#socket.uncork()
    this.#request = []
  }

  #read(bytes: number): void {
    const atMs = this.#clock.nowMs()
    const cargo = this.#cargo
    const parser = this.#parser
    if (cargo === null || parser === null) {
      // Nobody asked for what comes on an idle connection.
      this.#socket.destroy()
      return
    }
    this.#answered = true
    cargo.heard(atMs)
    let used: number
    try {
      used = parser.push(this.#buffer, bytes)
    } catch (error) {
      this.#break(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (parser.isComplete) this.#complete(parser, atMs, used === bytes)
  }

  /** The other side sends no more. */
  #ended(): void {
    const atMs = this.#clock.nowMs()
    // node:tls has better words, and says them next, for an end during its handshake.
    if (!this.#isConnected) return
    if (this.#parser?.finish()) this.#complete(this.#parser, atMs, false)
    else this.#break(new ConnectionClosedError())
  }

  /** `clean` = nothing came behind the response. A request that is not sent to its end, as the answer came first, is in the way of the next. */
  #complete(parser: ResponseParser, atMs: number, clean: boolean): void {
    const cargo = this.#cargo
    this.#cargo = null
    this.idleLimitMs = clean && this.#socket.writableLength === 0 ? parser.keepAliveMs : 0
    cargo?.complete(atMs)
  }

  #break(error: Error): void {
    const cargo = this.#cargo
    this.#cargo = null
    this.#socket.destroy()
    cargo?.broken(error, this.#answered)
  }
}
