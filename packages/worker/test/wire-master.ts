import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type MasterMessage, type Numbered, systemClock, type WorkerMessage } from '@llmload/core'
import { type WebSocket, WebSocketServer } from 'ws'

const clock = systemClock()

type WorkerMessageOf<Type extends WorkerMessage['type']> = Extract<WorkerMessage, { type: Type }>

/** A master as a worker sees it: the other end of the wire, which says what a test lets it say. */
export class WireMaster {
  readonly received: Numbered<WorkerMessage>[] = []
  readonly #server: Server
  readonly #connections = new Set<Socket>()
  #socket: WebSocket | null = null
  #waiting: (() => void)[] = []
  /** Whether pings are answered by themselves. */
  answersPings = true

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (connection: Socket) => {
      this.#connections.add(connection)
      connection.on('close', () => this.#connections.delete(connection))
    })
    new WebSocketServer({ server, path: '/worker' }).on('connection', (socket) => {
      this.#socket = socket
      socket.on('message', (data) => this.#receive(JSON.parse(String(data))))
      socket.on('error', () => {})
      this.#wake()
    })
  }

  static async listen(): Promise<WireMaster> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new WireMaster(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** On the connection that came last. */
  send(message: Numbered<MasterMessage>): void {
    this.#socket?.send(JSON.stringify(message))
  }

  sendRaw(frame: string): void {
    this.#socket?.send(frame)
  }

  /** The first message of a type that was not taken yet. */
  async next<Type extends WorkerMessage['type']>(type: Type): Promise<Numbered<WorkerMessageOf<Type>>> {
    for (;;) {
      const index = this.received.findIndex((message) => message.type === type)
      if (index >= 0) return this.received.splice(index, 1)[0] as Numbered<WorkerMessageOf<Type>>
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Lets the worker in. */
  async welcome(graceMs = 5000): Promise<Numbered<WorkerMessageOf<'hello'>>> {
    const hello = await this.next('hello')
    this.send({ type: 'welcome', runId: 'r', workerId: 'w', key: 'k', graceMs })
    return hello
  }

  /** The connection breaks. */
  drop(): void {
    this.#socket?.terminate()
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const connection of this.#connections) connection.destroy()
    await once(this.#server, 'close')
  }

  #receive(message: Numbered<WorkerMessage>): void {
    if (message.type === 'ping' && this.answersPings) {
      this.send({ type: 'pong', workerMs: message.workerMs, masterMs: clock.nowMs() })
      return
    }
    if (message.type !== 'heartbeat') this.received.push(message)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
