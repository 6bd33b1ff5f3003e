import {
  type Clock,
  HEARTBEAT_MS,
  type MasterMessage,
  messageOf,
  type Numbered,
  parseMasterMessage,
  Silence,
  type WorkerMessage,
} from '@llmload/core'
import { WebSocket } from 'ws'

export interface ConnectionEvents {
  onMessage(message: MasterMessage, n: number | undefined): void
  /**
   * Once, whoever ended it; `how` as the end of a sentence about the master: `it closed the connection`.
   * `isFault`: the master said what it must not, or the network garbled it.
   */
  onEnd(how: string, isFault: boolean): void
}

/** The worker's end of one connection: messages in and out, heartbeats, and an eye on silence. */
export class Connection {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #events: ConnectionEvents
  readonly #silence: Silence
  readonly #timer: NodeJS.Timeout
  #ended = false
  /** When the master was last told anything. */
  #saidMs = Number.NEGATIVE_INFINITY

  /** @param socket open. */
  constructor(socket: WebSocket, clock: Clock, events: ConnectionEvents) {
    this.#socket = socket
    this.#clock = clock
    this.#events = events
    this.#silence = new Silence(clock)
    socket.on('message', (data) => this.#receive(String(data)))
    socket.on('close', (code, reason) =>
      this.#end(`it closed the connection (${code}${reason.length > 0 ? `: ${reason}` : ''})`, false),
    )
    // ws closes the socket itself after an error, a frame that breaks the rules included.
    socket.on('error', (error) => this.#end(`the connection broke: ${messageOf(error)}`, false))
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS)
  }

  /** What was sent and still waits to get out. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(message: Numbered<WorkerMessage>): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    this.#saidMs = this.#clock.nowMs()
    this.#socket.send(JSON.stringify(message))
  }

  /** Ends a connection on which nothing can be understood any more. */
  reject(problem: string): void {
    this.#giveUp(`it was not understood: ${problem}`, true)
  }

  /** Closes it in order: what was sent still gets out. */
  close(): void {
    this.#end('it was not needed any more', false)
    this.#socket.close()
  }

  #receive(frame: string): void {
    if (this.#ended) return
    this.#silence.broken()
    const parsed = parseMasterMessage(frame)
    if ('problem' in parsed) return this.reject(parsed.problem)
    this.#events.onMessage(parsed.message, parsed.n)
  }

  #beat(): void {
    if (this.#clock.nowMs() - this.#saidMs >= HEARTBEAT_MS) this.send({ type: 'heartbeat' })
    const silentMs = this.#silence.look()
    if (silentMs !== null) this.#giveUp(`it said nothing for ${Math.round(silentMs / 1000)} s`, false)
  }

  #giveUp(how: string, isFault: boolean): void {
    this.#end(how, isFault)
    this.#socket.terminate()
  }

  #end(how: string, isFault: boolean): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#timer)
    this.#events.onEnd(how, isFault)
  }
}
