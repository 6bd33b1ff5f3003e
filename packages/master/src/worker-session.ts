import {
  type Clock,
  HEARTBEAT_MS,
  type MasterMessage,
  messageOf,
  type Numbered,
  parseWorkerMessage,
  Silence,
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
  onMessage(message: WorkerMessage, n: number | undefined): void
  /**
   * Once, whoever ended it; `how` as the end of a sentence about the worker: `closed the connection`.
   * `isFault`: it said what it must not, or the network garbled it.
   */
  onEnd(how: string, isFault: boolean): void
}

/** The master's end of one connection: valid messages in, typed messages out, and an eye on silence. */
export class WorkerSession {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #events: SessionEvents
  readonly #silence: Silence
  #ended = false
  /** When the worker was last told the time. */
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(socket: WebSocket, clock: Clock, events: SessionEvents) {
    this.#socket = socket
    this.#clock = clock
    this.#events = events
    this.#silence = new Silence(clock)
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('close', (code, reason) => this.#end(describeClose(code, String(reason)), false))
    // ws closes the socket itself after an error, a frame that is too large included.
    socket.on('error', (error) => this.#end(`broke the connection: ${messageOf(error)}`, isFault(error)))
  }

  send(message: Numbered<MasterMessage>): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if ('masterMs' in message) this.#toldMs = message.masterMs
    this.#socket.send(JSON.stringify(message))
  }

  /** Ends a session that was silent for too long. To be called every `HEARTBEAT_MS`. */
  listen(): void {
    const silentMs = this.#silence.look()
    if (silentMs !== null) this.giveUp(`said nothing for ${Math.round(silentMs / 1000)} s`)
  }

  /** Tells the time, if nothing else has done so lately: a worker that reports every second is told with each answer. */
  beat(): void {
    const masterMs = this.#clock.nowMs()
    if (masterMs - this.#toldMs >= HEARTBEAT_MS) this.send({ type: 'heartbeat', masterMs })
  }

  /** Ends a session whose other side cannot be counted on any more; `how` as in `onEnd`. */
  giveUp(how: string): void {
    this.#end(how, false)
    this.#socket.terminate()
  }

  /** The worker has another connection: this one is of no interest any more, and its end no news. */
  replace(): void {
    this.#ended = true
    this.#socket.terminate()
  }

  /** Nothing more is to be said. */
  dismiss(reason: string): void {
    this.#close(NORMAL_CLOSURE, reason)
  }

  /** The worker may not take part. */
  refuse(message: string, hint: string): void {
    this.send({ type: 'refused', message, hint })
    this.#close(POLICY_VIOLATION, message)
  }

  /** The worker broke the rules of the protocol. */
  reject(problem: string): void {
    this.#end(`sent what it must not: ${problem}`, true)
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
    this.#silence.broken()
    if (isBinary) return this.reject('a binary frame')
    const parsed = parseWorkerMessage(String(data))
    if ('problem' in parsed) return this.reject(parsed.problem)
    this.#events.onMessage(parsed.message, parsed.n)
  }

  #end(how: string, isFault: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#events.onEnd(how, isFault)
  }
}

/** Rules that are broken, by ws's codes or as our own limits are; not a network that failed. */
const isFault = (error: Error & { code?: string }): boolean =>
  error instanceof RangeError || error.code?.startsWith('WS_ERR') === true

function describeClose(code: number, reason: string): string {
  if (code === ABNORMAL_CLOSURE) return 'lost its connection'
  return `closed the connection (${code}${reason === '' ? '' : `: ${reason}`})`
}
