import {
  type Clock,
  HEARTBEAT_MS,
  LoadError,
  MAX_FRAME_BYTES,
  type MasterMessage,
  messageOf,
  SILENCE_LIMIT_MS,
  type WorkerMessage,
} from '@llmload/core'
import { WebSocket } from 'ws'

/** What may wait in the connection before bulk has to wait outside: deltas and heartbeats queue behind it. */
const MAX_BULK_BYTES = 4 * 1024 * 1024

type MessageOf<Type extends MasterMessage['type']> = Extract<MasterMessage, { type: Type }>

export interface MasterAddress {
  /** `ws://host:port/worker` */
  readonly url: string
  readonly token: string | null
}

/**
 * The worker's end of the connection: sends messages and heartbeats, and hands every message of
 * the master to the one who waits for its type. A master that is silent for too long is gone.
 */
export class MasterLink {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #waiting = new Map<string, (message: MasterMessage) => void>()
  readonly #early: MasterMessage[] = []
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  #heardMs: number

  /** Aborted, with a LoadError as its reason, when the master is gone. */
  readonly lost: AbortSignal = this.#lost.signal

  private constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
    this.#heardMs = clock.nowMs()
    socket.on('message', (data) => this.#receive(String(data)))
    socket.on('close', (code, reason) =>
      this.#lose(`it closed the connection (${code}${reason.length ? ` ${reason}` : ''})`),
    )
    socket.on('error', (error) => this.#lose(messageOf(error)))
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS)
  }

  /** Opens the connection; throws MASTER_UNREACHABLE or, for a wrong token, MASTER_REFUSED. */
  static connect({ url, token }: MasterAddress, clock: Clock): Promise<MasterLink> {
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: SILENCE_LIMIT_MS,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    })
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        socket.off('error', fail)
        resolve(new MasterLink(socket, clock))
      })
      socket.once('unexpected-response', (_request, response) => {
        const problem = `the master at ${url} refused the connection: HTTP ${response.statusCode}`
        reject(new LoadError('MASTER_REFUSED', problem, 'set LLMLOAD_TOKEN to the token that the master printed'))
        socket.terminate()
      })
      const fail = (error: Error) =>
        reject(
          new LoadError(
            'MASTER_UNREACHABLE',
            `no connection to the master at ${url}: ${messageOf(error)}`,
            'start the master first, and check --master-host and --master-port',
          ),
        )
      socket.once('error', fail)
    })
  }

  /** Little of what was sent before still waits here: bulk may follow. */
  get isFree(): boolean {
    return this.#socket.bufferedAmount < MAX_BULK_BYTES
  }

  send(message: WorkerMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  /** The next message of a type; rejects when the master is gone or turns the worker away. */
  expect<Type extends MasterMessage['type']>(type: Type): Promise<MessageOf<Type>> {
    const early = this.#early.findIndex((message) => message.type === type)
    if (early >= 0) return Promise.resolve(this.#early.splice(early, 1)[0] as MessageOf<Type>)
    return new Promise((resolve, reject) => {
      if (this.lost.aborted) return reject(this.lost.reason)
      const onLost = () => reject(this.lost.reason)
      this.lost.addEventListener('abort', onLost, { once: true })
      this.#waiting.set(type, (message) => {
        this.lost.removeEventListener('abort', onLost)
        resolve(message as MessageOf<Type>)
      })
    })
  }

  close(): void {
    clearInterval(this.#timer)
    this.#socket.close()
  }

  #receive(frame: string): void {
    this.#heardMs = this.#clock.nowMs()
    const message = JSON.parse(frame) as MasterMessage
    if (message.type === 'heartbeat' || message.type === 'ack') return
    if (message.type === 'refused') {
      this.#lost.abort(
        new LoadError('MASTER_REFUSED', `the master turned this worker away: ${message.message}`, message.hint),
      )
      return
    }
    const deliver = this.#waiting.get(message.type)
    this.#waiting.delete(message.type)
    if (deliver) deliver(message)
    else this.#early.push(message)
  }

  #beat(): void {
    this.send({ type: 'heartbeat' })
    const silentMs = this.#clock.nowMs() - this.#heardMs
    if (silentMs > SILENCE_LIMIT_MS) this.#lose(`it said nothing for ${Math.round(silentMs / 1000)} s`)
  }

  #lose(how: string): void {
    clearInterval(this.#timer)
    this.#lost.abort(
      new LoadError(
        'MASTER_UNREACHABLE',
        `the master is gone: ${how}`,
        'the worker stopped its load; look at the master’s log and start the run again',
      ),
    )
    this.#socket.terminate()
  }
}
