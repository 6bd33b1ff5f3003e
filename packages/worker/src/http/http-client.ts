import {
  type Clock,
  type Expectation,
  endpointOf,
  type Failure,
  hideSecrets,
  type Plan,
  ResponseReader,
  type Secrets,
  secretTexts,
  type Timeline,
} from '@llmload/core'
import type { HttpClient, Inflight, OutgoingRequest } from './client.js'
import { Connections } from './connections.js'
import { Exchange } from './exchange.js'
import { requestHead } from './request-head.js'

/** How often deadlines are looked at: one timer for all requests. A time-out is so much late at most. */
const SWEEP_MS = 100

export interface HttpClientOptions {
  readonly plan: Plan
  readonly secrets: Secrets
  readonly clock: Clock
  /** Whether timelines shall hold the generated text, for a tokenizer to count it. */
  readonly keepText: boolean
}

/**
 * HTTP/1.1 on sockets of our own: as many connections as there are requests in flight, no redirects, no
 * time-outs but those of the plan, and no retries but one, of a request whose idle connection turned out
 * to be closed. Throws a LoadError BAD_OPTIONS on headers that cannot be sent.
 */
export function httpClient(options: HttpClientOptions): HttpClient {
  return new SocketClient(options)
}

class SocketClient implements HttpClient {
  readonly #clock: Clock
  readonly #limits: Plan['load']
  readonly #expected: Expectation
  readonly #headOf: (bodyBytes: number) => Buffer
  readonly #secrets: readonly string[]
  readonly #connections: Connections
  readonly #inflight = new Set<Exchange>()
  readonly #sweep: NodeJS.Timeout
  #closed = false

  constructor({ plan, secrets, clock, keepText }: HttpClientOptions) {
    this.#clock = clock
    // Of an answer that is not streamed tokens are seen at its end.
    this.#limits = plan.target.stream ? plan.load : { ...plan.load, tokenTimeoutS: null }
    this.#expected = {
      endpoint: endpointOf(plan.target.provider),
      stream: plan.target.stream,
      maxTokens: plan.workload.maxTokens,
      n: plan.sampling.n,
      keepText,
      thinkTags: plan.target.thinkTags,
    }
    this.#headOf = requestHead(plan, secrets)
    this.#secrets = secretTexts(secrets)
    this.#connections = new Connections(new URL(plan.target.baseUrl), clock)
    this.#sweep = setInterval(() => this.#sweepUp(), SWEEP_MS).unref()
  }

  send({ body }: OutgoingRequest, timeline: Timeline, onDone: () => void): Inflight {
    if (this.#closed) throw new Error('the HTTP client is closed')
    const exchange = new Exchange({
      timeline,
      reader: new ResponseReader(timeline, this.#expected),
      clock: this.#clock,
      connections: this.#connections,
      limits: this.#limits,
      request: [this.#headOf(body.length), body],
      onOver: (over) => {
        this.#inflight.delete(over)
        if (timeline.failure !== null) timeline.failure = this.#withoutSecrets(timeline.failure)
        onDone()
      },
    })
    this.#inflight.add(exchange)
    exchange.start()
    return exchange
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    for (const exchange of [...this.#inflight]) exchange.cancel()
    await this.#connections.close()
  }

  /** A server that turns a key down may quote it. */
  #withoutSecrets({ class: failureClass, message }: Failure): Failure {
    return { class: failureClass, message: hideSecrets(message, this.#secrets) }
  }

  #sweepUp(): void {
    const nowMs = this.#clock.nowMs()
    for (const exchange of this.#inflight) exchange.checkDeadlines(nowMs)
    this.#connections.dropStale()
  }
}
