import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Clock } from '@llmload/core'
import type { Generation } from '../engine/generation.js'
import type { Stamps } from './stamps.js'

/** Answered as it should be; left by the client; spoilt on purpose; cut off when the simulator closed. */
export type Ending = 'finished' | 'aborted' | 'injected' | 'closed'

/**
 * One request and its answer, with the instants at which things really happened: monotonic
 * milliseconds, NaN for what did not happen. Every write goes through here, and is stamped
 * immediately before the system call that sends it, so no client can receive it before its stamp.
 */
export class Exchange {
  /** When the last bytes of the request were read. */
  receivedMs: number
  /** When the engine began with it: later than it was received, if it had to wait. */
  startMs = Number.NaN
  headersMs = Number.NaN
  endMs = Number.NaN
  /** Writes that carried tokens: when, and how many. */
  readonly chunkMs: number[] = []
  readonly chunkTokens: number[] = []
  sentTokens = 0
  ending: Ending | null = null
  /** Gives its place in the engine to the next one, from the given instant on. */
  leaveEngine: (atMs: number) => void = () => undefined
  /** What was decided about it; null for requests that generate nothing. */
  generation: Generation | null = null
  readonly path: string
  /** Address of the client; asked for while there is a connection. */
  readonly peer: string | null
  /** Of the request's body, in hexadecimal; null = it was not wanted, or there was none. */
  bodySha256: string | null = null
  readonly #clock: Clock
  readonly #stamps: Stamps | null
  readonly #onEnd: (exchange: Exchange) => void
  #bytesRead: number

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    clock: Clock,
    onEnd: (exchange: Exchange) => void,
    stamps: Stamps | null = null,
  ) {
    this.path = request.url?.split('?', 1)[0] ?? '/'
    this.receivedMs = clock.nowMs()
    this.peer = request.socket.remoteAddress ?? null
    this.#bytesRead = request.socket.bytesRead
    this.#clock = clock
    this.#stamps = stamps
    this.#onEnd = onEnd
    response.on('close', () => this.#end('aborted'))
  }

  get status(): number {
    return this.response.statusCode
  }

  /**
   * To be called for every part of the request. Node hands the parts on some 0.2 ms after it read
   * them; what came with the headers was received with them.
   */
  noteReceived(): void {
    const { bytesRead } = this.request.socket
    if (bytesRead === this.#bytesRead) return
    this.#bytesRead = bytesRead
    this.receivedMs = this.#clock.nowMs()
  }

  sendHeaders(status: number, headers: OutgoingHttpHeaders): void {
    this.response.writeHead(status, headers)
    this.headersMs = this.#clock.nowMs()
    this.response.flushHeaders()
  }

  /** Headers that go out together with the first write. */
  holdHeaders(status: number, headers: OutgoingHttpHeaders): void {
    this.response.writeHead(status, headers)
  }

  /** Sends a part of the body, with the tokens that it completes. */
  send(data: string | Uint8Array, tokens: number): void {
    const { socket } = this.response
    // Node keeps what is written until the end of the tick; with a cork of our own it goes when we say.
    socket?.cork()
    this.response.write(data)
    const nowMs = this.#clock.nowMs()
    if (Number.isNaN(this.headersMs)) this.headersMs = nowMs
    if (tokens > 0) this.#stampTokens(nowMs, tokens)
    if (typeof data !== 'string') this.#stamps?.fill(data, nowMs)
    socket?.uncork()
  }

  /** Stamps chunks that are changed before they are sent. */
  stamp(data: Buffer): void {
    this.#stamps?.fill(data, this.#clock.nowMs())
  }

  /** Sends the rest of the body and ends the answer. */
  finish(data: string | Uint8Array, ending: Ending): void {
    const nowMs = this.#clock.nowMs()
    if (Number.isNaN(this.headersMs)) this.headersMs = nowMs
    if (typeof data !== 'string') this.#stamps?.fill(data, nowMs)
    this.response.end(data)
    // The account of it comes after the write, so as not to delay it.
    this.#end(ending, nowMs)
  }

  /** A whole answer at once. `tokens`: generated tokens in it. */
  sendJson(status: number, json: string, options: { tokens?: number; headers?: OutgoingHttpHeaders } = {}): void {
    const { tokens = 0, headers = {} } = options
    const length = Buffer.byteLength(json)
    const type: OutgoingHttpHeaders = length > 0 ? { 'content-type': 'application/json' } : {}
    this.response.writeHead(status, { ...type, 'content-length': length, ...headers })
    this.headersMs = this.#clock.nowMs()
    if (tokens > 0) this.#stampTokens(this.headersMs, tokens)
    this.finish(json, this.generation?.fault ? 'injected' : 'finished')
  }

  /** The rest of a body whose headers have gone, with the generated tokens in it. */
  sendRest(json: string, tokens: number): void {
    this.#stampTokens(this.#clock.nowMs(), tokens)
    this.finish(json, 'finished')
  }

  /** Closes the connection. */
  destroy(ending: Ending): void {
    this.#end(ending)
    this.response.destroy()
  }

  /** Resets the connection. */
  reset(ending: Ending): void {
    this.#end(ending)
    this.request.socket.resetAndDestroy()
  }

  /** Closes our half of the connection: the client can still send, but gets no more. */
  halfClose(ending: Ending): void {
    this.#end(ending)
    this.request.socket.end()
  }

  #stampTokens(nowMs: number, tokens: number): void {
    this.chunkMs.push(nowMs)
    this.chunkTokens.push(tokens)
    this.sentTokens += tokens
  }

  #end(ending: Ending, endMs = this.#clock.nowMs()): void {
    if (this.ending !== null) return
    this.ending = ending
    this.endMs = endMs
    this.leaveEngine(endMs)
    this.#onEnd(this)
  }
}
