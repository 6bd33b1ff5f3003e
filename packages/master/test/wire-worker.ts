import { once } from 'node:events'
import {
  type Clock,
  type MasterMessage,
  type Numbered,
  PROTOCOL_VERSION,
  type Resumption,
  Stats,
  type StatsData,
  systemClock,
  type WorkerHealth,
  type WorkerMessage,
} from '@llmload/core'
import { WebSocket } from 'ws'

export const VERSION = '1.2.3'

export const clock = systemClock()

/** The real clock, which a test can set forward. */
export class SkewedClock implements Clock {
  aheadMs = 0

  nowMs(): number {
    return clock.nowMs() + this.aheadMs
  }

  wallMs(monotonicMs: number): number {
    return clock.wallMs(monotonicMs)
  }
}

type MasterMessageOf<Type extends MasterMessage['type']> = Extract<MasterMessage, { type: Type }>
type Delta = Extract<WorkerMessage, { type: 'delta' }>

export const HEALTHY: WorkerHealth = {
  ...{ elu: 0.1, stampDelayMs: 0, loopDelayP99Ms: 0.5, loopDelayMaxMs: 1, gcMs: 0, gcMaxMs: 0 },
  ...{ cpuCores: 0.1, throttledMs: null, stealShare: null, rssBytes: 5e7, memoryLimitBytes: 1e9 },
}

export interface WireAddress {
  readonly port: number
  readonly token: string | null
}

/** A worker process as a master sees it: the other end of the wire, which says what a test lets it say. */
export class WireWorker {
  readonly socket: WebSocket
  readonly received: MasterMessage[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  /** What the master has to know again to let it resume. */
  #identity: { readonly runId: string; readonly workerId: string; readonly key: string } | null = null
  #waiting: (() => void)[] = []
  #seq = 0
  #n = 0
  #heard = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      const message: Numbered<MasterMessage> = JSON.parse(String(data))
      this.#heard = Math.max(this.#heard, message.n ?? 0)
      this.received.push(message)
      for (const wake of this.#waiting.splice(0)) wake()
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    })
    socket.on('error', () => {})
  }

  static async connect({ port, token }: WireAddress): Promise<WireWorker> {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/worker`, { perMessageDeflate: false, headers })
    const worker = new WireWorker(socket)
    await once(socket, 'open')
    return worker
  }

  /** Connected, and welcome. */
  static async join(address: WireAddress, pid = 1): Promise<WireWorker> {
    const worker = await WireWorker.connect(address)
    worker.hello({ pid })
    worker.#identity = await worker.next('welcome')
    return worker
  }

  /** The same worker on another connection; what it has to say again is for the test to say. */
  async comeBack(address: WireAddress, overrides: Partial<Resumption> = {}): Promise<WireWorker> {
    const worker = await WireWorker.connect(address)
    const { runId, workerId, key } = this.#identity ?? { runId: '', workerId: '', key: '' }
    worker.#identity = this.#identity
    worker.#seq = this.#seq
    worker.#n = this.#n
    worker.#heard = this.#heard
    worker.hello({ resume: { runId, workerId, key, heard: this.#heard, ...overrides } })
    return worker
  }

  hello(overrides: Partial<Extract<WorkerMessage, { type: 'hello' }>> = {}): void {
    this.send({ type: 'hello', protocol: PROTOCOL_VERSION, version: VERSION, host: 'host', pid: 1, ...overrides })
  }

  send(message: WorkerMessage): void {
    this.socket.send(JSON.stringify(message))
  }

  /** Under the next number, or under one that was used before. */
  sendNumbered(message: WorkerMessage, n = ++this.#n): void {
    this.socket.send(JSON.stringify({ n, ...message }))
  }

  /** The first message of a type that was not taken yet; rejects if the connection ends instead. */
  async next<Type extends MasterMessage['type']>(type: Type): Promise<MasterMessageOf<Type>> {
    for (;;) {
      const index = this.received.findIndex((message) => message.type === type)
      if (index >= 0) return this.received.splice(index, 1)[0] as MasterMessageOf<Type>
      const ended = this.closed.then(({ code, reason }) => {
        if (this.received.some((message) => message.type === type)) return
        throw new Error(`closed (${code} ${reason}) before a ${type}`)
      })
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), ended])
    }
  }

  /** Resolves when the master has read all that was sent so far. */
  async heard(): Promise<void> {
    this.send({ type: 'ping', workerMs: 0 })
    await this.next('pong')
  }

  async getReady(): Promise<MasterMessageOf<'prepare'>> {
    const prepare = await this.next('prepare')
    this.send({ type: 'ready', clock: { offsetMs: 0, errorMs: 0.1 }, tokenizer: 'by hand', warnings: [] })
    return prepare
  }

  /** Ready, told the start, and running from then on; returns the start. */
  async run(lateByMs = 0): Promise<number> {
    await this.getReady()
    const { startAtMs } = await this.next('start')
    await instant(startAtMs)
    this.send({ type: 'started', lateByMs })
    return startAtMs
  }

  /** A report under the next number, or under the one given. Resolves when it is acknowledged. */
  async report(delta: Partial<Delta> = {}): Promise<void> {
    this.#seq = delta.seq ?? this.#seq + 1
    const nothing = { ramp: null, measured: null, stages: [], users: 1, inFlight: 0, health: HEALTHY }
    this.send({ type: 'delta', seq: this.#seq, untilMs: clock.nowMs(), ...nothing, ...delta })
    await this.next('ack')
  }

  /** Says that nothing is in flight any more, and leaves when it is told to. */
  async drain({ lastSeq = this.#seq, endedMs = clock.nowMs() } = {}): Promise<void> {
    this.send({ type: 'drained', lastSeq, lastSentMs: null, endedMs })
    await this.next('bye')
    this.socket.close()
  }

  /** As a process that was killed: the connection breaks, nothing is said. */
  kill(): void {
    this.socket.terminate()
  }
}

/** Resolves when the clock has reached an instant. */
export async function instant(atMs: number): Promise<void> {
  while (clock.nowMs() < atMs) await new Promise((resolve) => setTimeout(resolve, Math.max(atMs - clock.nowMs(), 1)))
}

export interface Answers {
  readonly answered?: number
  readonly failed?: number
  readonly censored?: number
  readonly late?: number
  readonly unsent?: number
  readonly latencyMs?: number
  readonly firstTokenMs?: number
  readonly error?: string
}

/** What a worker measured of some requests: 100 tokens each, headers after 10 ms. */
export function statsData(answers: Answers): StatsData {
  const { answered = 0, failed = 0, censored = 0, late = 0, unsent = 0 } = answers
  const { latencyMs = 570, firstTokenMs = 57, error = 'HTTP 500: boom' } = answers
  const stats = new Stats()
  const counts = { sent: answered + failed + censored, succeeded: answered, failed, censored, late, unsent }
  Object.assign(stats.counts, counts, { outputTokens: 100 * answered, inputTokens: 1000 * answered })
  for (let i = 0; i < answered + failed; i++) stats.entry('POST', '/v1/completions').log(10, 1000)
  for (let i = 0; i < failed; i++) {
    stats.entry('POST', '/v1/completions').logFailure()
    stats.errors.log('POST', '/v1/completions', error, clock.wallMs(clock.nowMs()))
  }
  if (failed > 0) stats.failures.set('status', failed)
  if (answered > 0) stats.tokenSources.set('usage', answered)
  for (let i = 0; i < answered; i++) {
    for (const [name, value] of [
      ['time_to_first_token', firstTokenMs],
      ['total_latency', latencyMs],
      ['num_tokens', 100],
      ['prompt_tokens', 1000],
    ] as const) {
      stats.entry('METRIC', name).log(value, 0)
      stats.histogram(name).record(name.endsWith('tokens') ? value : value * 1000)
    }
  }
  const data = stats.takeData()
  if (data === null) throw new RangeError('nothing was measured')
  return data
}
