import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net'
import { type LoadPlan, type Plan, type Secrets, systemClock, Timeline } from '../../packages/core/src/index.js'
import type { HttpClient, Inflight } from '../../packages/worker/src/http/client.js'
import { httpClient } from '../../packages/worker/src/http/http-client.js'
import { plan } from './plan.js'

export const clock = systemClock()

export interface ClientOverrides {
  target?: Partial<Plan['target']>
  load?: Partial<LoadPlan>
  secrets?: Partial<Secrets>
}

/** A plan of streams of the OpenAI API without an end. */
export function planOf(baseUrl: string, { target, load }: ClientOverrides = {}): Plan {
  return plan({
    target: { provider: 'openai', baseUrl, ...target },
    workload: { promptTokens: 1, maxTokens: 5 },
    ...(load && { load }),
  })
}

/** Real servers on 127.0.0.1 and real clients of them, which end with the test that has them. */
export class Loopback {
  readonly #closers: (() => unknown)[] = []
  readonly #sockets = new Set<Socket>()

  /** Connections that are open now, as the servers see it. */
  get connections(): number {
    return this.#sockets.size
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }

  /** Returns the port. */
  async listen(server: Server | TcpServer): Promise<number> {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#closers.push(() => {
      for (const socket of this.#sockets) socket.destroy()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  /** An HTTP server; returns its base URL. */
  async respond(answer: (response: ServerResponse, request: IncomingMessage) => unknown): Promise<string> {
    return `http://127.0.0.1:${await this.listen(createServer((request, response) => void answer(response, request)))}`
  }

  /** A server that reads the begin of a request and then does as it likes with the connection; returns host and port. */
  async answerRaw(answer: (socket: Socket) => unknown): Promise<string> {
    const server = createTcpServer((socket) => void socket.once('data', () => answer(socket)))
    return `127.0.0.1:${await this.listen(server)}`
  }

  client(baseUrl: string, overrides: ClientOverrides = {}): HttpClient {
    const plan = planOf(baseUrl, overrides)
    const client = httpClient({
      plan,
      secrets: { apiKey: null, headers: [], ...overrides.secrets },
      clock,
      keepText: true,
    })
    this.#closers.push(() => client.close())
    return client
  }
}

export interface Sent {
  readonly timeline: Timeline
  readonly inflight: Inflight
  /** The timeline, when it is finished. */
  readonly done: Promise<Timeline>
}

export function send(client: HttpClient, body = '{}'): Sent {
  const timeline = new Timeline(0, null)
  let over = () => {}
  const done = new Promise<Timeline>((resolve) => {
    over = () => resolve(timeline)
  })
  return { timeline, inflight: client.send({ body: Buffer.from(body) }, timeline, () => over()), done }
}

export const post = (client: HttpClient, body?: string): Promise<Timeline> => send(client, body).done

export const failureOf = ({ failure }: Timeline): string | null => failure && `${failure.class}: ${failure.message}`

/** Resolves when something is so that no event tells of. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}
