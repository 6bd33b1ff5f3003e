import {
  type Clock,
  endpointOf,
  type Plan,
  ResponseReader,
  requestPath,
  type Secrets,
  type Timeline,
} from '@llmload/core'
import type { Dispatcher } from 'undici'
import type { HttpClient, Inflight, OutgoingRequest } from './client.js'
import { Connections } from './connections.js'
import { Exchange } from './exchange.js'
import { requestHeaders } from './request-headers.js'

/** How often deadlines are looked at: one timer for all requests. A time-out is so much late at most. */
const SWEEP_MS = 100

export interface UndiciClientOptions {
  readonly plan: Plan
  readonly secrets: Secrets
  readonly clock: Clock
  /** Whether timelines shall hold the generated text, for a tokenizer to count it. */
  readonly keepText: boolean
}

/**
 * HTTP/1.1 by undici's `dispatch`: as many connections as there are requests in flight, no retries,
 * no redirects, and no time-outs but those of the plan. Throws a LoadError BAD_OPTIONS on headers that cannot be sent.
 */
export function undiciClient(options: UndiciClientOptions): HttpClient {
  return new UndiciClient(options)
}

class UndiciClient implements HttpClient {
  readonly #options: UndiciClientOptions
  readonly #request: Dispatcher.DispatchOptions
  readonly #connections: Connections
  readonly #inflight = new Set<Exchange>()
  readonly #sweep: NodeJS.Timeout
  #closed = false

  constructor(options: UndiciClientOptions) {
    const { plan, secrets, clock } = options
    const url = new URL(plan.target.baseUrl)
    const prefix = url.pathname.replace(/\/$/, '')
    this.#options = options
    this.#request = { method: 'POST', path: prefix + requestPath(plan.target), headers: requestHeaders(secrets) }
    this.#connections = new Connections({
      origin: url.origin,
      clock,
      connectTimeoutMs: plan.load.progressTimeoutS * 1000,
    })
    this.#sweep = setInterval(() => this.#checkDeadlines(), SWEEP_MS).unref()
  }

  send({ body }: OutgoingRequest, timeline: Timeline, onDone: () => void): Inflight {
    if (this.#closed) throw new Error('the HTTP client is closed')
    const { plan, clock, keepText } = this.#options
    const reader = new ResponseReader(timeline, {
      endpoint: endpointOf(plan.target.provider),
      stream: plan.target.stream,
      maxTokens: plan.workload.maxTokens,
      n: plan.sampling.n,
      keepText,
    })
    const exchange = new Exchange({
      timeline,
      reader,
      clock,
      connections: this.#connections,
      limits: plan.load,
      onDone: () => {
        this.#inflight.delete(exchange)
        onDone()
      },
    })
    this.#inflight.add(exchange)
    exchange.start({ ...this.#request, body })
    return exchange
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    for (const exchange of [...this.#inflight]) exchange.cancel()
    await this.#connections.close()
  }

  #checkDeadlines(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const exchange of [...this.#inflight]) exchange.checkDeadlines(nowMs)
  }
}
