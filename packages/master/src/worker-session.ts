import {
  type Clock,
  type MasterMessage,
  messageOf,
  parseWorkerMessage,
  SILENCE_LIMIT_MS,
  type WorkerMessage,
} from '@llmload/core'
import { type RawData, WebSocket } from 'ws'

/** Status codes of a closing handshake, RFC 6455 §7.4.1. */
const NORMAL_CLOSURE = 1000
const POLICY_VIOLATION = 1008

/** No closing handshake: the process or the network is gone. */
const ABNORMAL_CLOSURE = 1006

/** Longest reason that fits a close frame. */
const MAX_REASON_BYTES = 123

export interface SessionEvents {
  onMessage(message: WorkerMessage): void
  /** Once, whoever ended it; `how` as the end of a sentence about the worker: `closed the connection`. */
  onEnd(how: string): void
}

/** The master's end of one connection: valid messages in, typed messages out, and an eye on silence. */
export class WorkerSession {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #events: SessionEvents
  #heardMs: number
  #ended = false

  constructor(socket: WebSocket, clock: Clock, events: SessionEvents) {
    this.#socket = socket
    this.#clock = clock
    this.#events = events
    this.#heardMs = clock.nowMs()
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', (code, reason) => this.#end(describeClose(code, String(reason))))
    // ws closes the socket itself after an error, a frame that is too large included.
    socket.on('error', (error) => this.#end(`broke the connection: ${messageOf(error)}`))
  }

  send(message: MasterMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  /** Sends a heartbeat, and ends a session that was silent for too long. */
  beat(): void {
    this.send({ type: 'heartbeat' })
    const silentMs = this.#clock.nowMs() - this.#heardMs
    if (silentMs > SILENCE_LIMIT_MS) this.giveUp(`said nothing for ${Math.round(silentMs / 1000)} s`)
  }

  /** Ends a session whose other side cannot be counted on any more; `how` as in `onEnd`. */
  giveUp(how: string): void {
    this.#end(how)
    this.#socket.terminate()
  }

  /** Silence up to now does not count: the master itself was not running. */
  forgiveSilence(): void {
    this.#heardMs = this.#clock.nowMs()
  }

  /** The worker is not needed (any more). */
  dismiss(reason: string): void {
    this.send({ type: 'bye' })
    this.#close(NORMAL_CLOSURE, reason)
  }

  /** The worker may not take part. */
  refuse(message: string, hint: string): void {
    this.send({ type: 'refused', message, hint })
    this.#close(POLICY_VIOLATION, message)
  }

  /** The worker broke the rules of the protocol. */
  reject(problem: string): void {
    this.#end(`sent what it must not: ${problem}`)
    this.#close(POLICY_VIOLATION, problem)
  }

  #close(code: number, reason: string): void {
    this.#socket.close(
      code,
      Buffer.from(reason)
        .subarray(0, MAX_REASON_BYTES)
        .toString()
        .replace(/\uFFFD+$/, ''),
    )
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#ended || this.#socket.readyState !== WebSocket.OPEN) return
    this.#heardMs = this.#clock.nowMs()
    if (isBinary) return this.reject('a binary frame')
    const parsed = parseWorkerMessage(String(data))
    if ('problem' in parsed) return this.reject(parsed.problem)
    this.#events.onMessage(parsed.message)
  }

  #end(how: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#events.onEnd(how)
  }
}

function describeClose(code: number, reason: string): string {
  if (code === ABNORMAL_CLOSURE) return 'lost its connection'
  return `closed the connection (${code}${reason === '' ? '' : `: ${reason}`})`
}
