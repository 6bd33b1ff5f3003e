import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Clock,
  Inbox,
  LoadError,
  type Log,
  type MasterMessage,
  messageOf,
  mustArrive,
  Outbox,
  PROTOCOL_VERSION,
  type WorkerMessage,
} from '@llmload/core'
import type { WebSocket } from 'ws'
import { connect } from './connect.js'
import type { MasterAddress } from './connect-options.js'
import { Connection } from './connection.js'
import { Lease } from './lease.js'
import { MasterClock } from './master-clock.js'
import { type MessageOf, Reception } from './reception.js'
import { type SessionEvent, type SessionState, sessionAfter } from './session-states.js'

/** The first attempt after a connection is lost comes so soon; each failed one doubles the wait … */
const FIRST_RETRY_MS = 100
/** … up to this. */
const LAST_RETRY_MS = 2000

/** Deltas that the master has not heard; more are not made: what is measured meanwhile adds up for the next one. */
const MAX_UNHEARD_DELTAS = 8
/** Messages that the master has not heard before bulk has to wait: half of the largest they may be is 16 MiB. */
const MAX_UNHEARD = 64
/** What may wait in the connection before bulk has to wait outside: deltas and heartbeats queue behind it. */
const MAX_WAITING_BYTES = 512 * 1024

/** A network may garble a message now and then; a master that is not understood more often will never be. */
const MAX_FAULTS = 3

export interface SessionOptions extends MasterAddress {
  readonly clock: Clock
  readonly log: Log
  /** Of llmload; master and workers must have the same. */
  readonly version: string
  /** How long to try for the first connection. */
  readonly maxWaitMs: number
}

/** Who this worker is to its master. */
interface Identity {
  readonly runId: string
  readonly workerId: string
  readonly key: string
  readonly graceMs: number
}

/**
 * What a worker and its master are to each other for the length of a run, over as many connections as
 * it takes. What must arrive does, once and in order; what is worth nothing later is dropped while
 * there is no connection. The states are in session-states.ts.
 */
export class MasterSession {
  readonly clock: MasterClock
  readonly #options: SessionOptions
  readonly #outbox = new Outbox<WorkerMessage>()
  readonly #inbox = new Inbox()
  readonly #reception: Reception
  readonly #lease: Lease
  readonly #over = new AbortController()
  #state: SessionState = 'calling'
  #connection: Connection | null = null
  #identity: Identity | null = null
  /** When the worker gives up, should it have no connection until then. */
  #untilMs: number
  #pauseMs = FIRST_RETRY_MS
  /** How often the master was not understood. */
  #faults = 0
  #allHeard: () => void = () => {}
  #parted: () => void = () => {}
  /** Told when the lease had run out, on this worker's clock, once it holds again. */
  onLeaseRenewed: (ranOutMs: number) => void = () => {}

  /** Aborted when there is nothing to hope for any more, with a LoadError as its reason. */
  readonly over: AbortSignal = this.#over.signal

  constructor(options: SessionOptions) {
    this.#options = options
    this.#untilMs = options.clock.nowMs() + options.maxWaitMs
    this.#reception = new Reception(this.over)
    this.clock = new MasterClock(options.clock, (workerMs) => this.send({ type: 'ping', workerMs }))
    this.#lease = new Lease(
      options.clock,
      () => this.clock.offsetMs,
      (ranOutMs) => this.onLeaseRenewed(ranOutMs),
    )
    void this.#keepConnected()
  }

  /** Until when this worker may load, on its own clock. */
  get mayLoadUntilMs(): number {
    return this.#lease.untilMs
  }

  /** Whether bulk may follow: little of what was sent before still waits, here or there. */
  get isFree(): boolean {
    const waitingBytes = this.#connection?.waitingBytes ?? Number.POSITIVE_INFINITY
    return this.#state === 'joined' && waitingBytes < MAX_WAITING_BYTES && this.#outbox.waiting.length < MAX_UNHEARD
  }

  /** Whether another delta may be made. */
  get takesDelta(): boolean {
    return this.#outbox.waiting.filter(({ type }) => type === 'delta').length < MAX_UNHEARD_DELTAS
  }

  send(message: WorkerMessage): void {
    const frame = mustArrive(message) ? this.#outbox.post(message) : message
    if (this.#state === 'joined') this.#connection?.send(frame)
  }

  /** The next message of a type; rejects when the session is over without. */
  expect<Type extends MasterMessage['type']>(type: Type): Promise<MessageOf<Type>> {
    return this.#reception.expect(type)
  }

  /** Has messages of a type handled as they come, in order with all others; at once, if some have come before. */
  handle<Type extends MasterMessage['type']>(type: Type, handler: (message: MessageOf<Type>) => void): void {
    this.#reception.handle(type, handler)
  }

  /** Resolves when the master has heard everything; rejects when the session is over without. */
  async flushed(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#allHeard = resolve
      if (this.#outbox.waiting.length === 0) resolve()
      if (this.over.aborted) reject(this.over.reason)
      this.over.addEventListener('abort', () => reject(this.over.reason), { once: true })
    })
  }

  /** Resolves when there is no connection. */
  parted(): Promise<void> {
    return new Promise((resolve) => {
      this.#parted = resolve
      if (this.#state !== 'joined') resolve()
    })
  }

  /** The worker has no more to say. */
  close(): void {
    if (this.#state !== 'over') this.#enter('ended')
    this.clock.close()
    this.#connection?.close()
  }

  /** Connects, and connects again, until the session is over. */
  async #keepConnected(): Promise<void> {
    while (this.#state !== 'over') {
      let problem: unknown
      try {
        problem = await this.#talk(await connect(this.#options))
      } catch (error) {
        if (error instanceof LoadError && error.code !== 'MASTER_UNREACHABLE') return this.#end(error)
        problem = error
      }
      this.#options.log.debug({}, messageOf(problem))
      if (this.#options.clock.nowMs() + this.#pauseMs > this.#untilMs) return this.#end(this.#tooLate(problem))
      // Workers that lost their master together shall not come back in the same instant.
      await sleep(this.#pauseMs * (0.5 + Math.random() / 2))
      this.#pauseMs = Math.min(2 * this.#pauseMs, LAST_RETRY_MS)
    }
  }

  /** Says hello on a new connection; resolves with how it ended, when it has. */
  #talk(socket: WebSocket): Promise<string> {
    return new Promise((resolve) => {
      const { clock, version } = this.#options
      const connection = new Connection(socket, clock, {
        onMessage: (message, n) => this.#receive(message, n),
        onEnd: (how, isFault) => {
          this.#connection = null
          this.#lose(how)
          if (isFault && ++this.#faults >= MAX_FAULTS) this.#end(notUnderstood(how))
          resolve(how)
        },
      })
      if (this.#state === 'over') return connection.close()
      this.#connection = connection
      this.#enter('connected')
      const { runId, workerId, key } = this.#identity ?? {}
      const resume = runId && workerId && key ? { runId, workerId, key, heard: this.#inbox.last } : undefined
      connection.send({
        ...{ type: 'hello', protocol: PROTOCOL_VERSION, version, host: hostname(), pid: process.pid },
        ...(resume && { resume }),
      })
    })
  }

  #receive(message: MasterMessage, n: number | undefined): void {
    try {
      if (!this.#inbox.takes(n)) return
      if (n !== undefined) this.#connection?.send({ type: 'heard', last: n })
      this.#note(message)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#connection?.reject(error.message)
    }
  }

  #note(message: MasterMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#identity = message
        this.#enter('welcomed')
        this.#pauseMs = FIRST_RETRY_MS
        break
      case 'resumed':
        this.#resume(message.heard)
        break
      case 'refused':
        return this.#end(
          new LoadError('MASTER_REFUSED', `the master turned this worker away: ${message.message}`, message.hint),
        )
      case 'pong':
        this.#renew(message.masterMs)
        return this.clock.pong(message.workerMs, message.masterMs)
      case 'heartbeat':
        return this.#renew(message.masterMs)
      case 'ack':
        this.#heard(message.heard)
        return this.#renew(message.masterMs)
      case 'heard':
        return this.#heard(message.last)
      case 'bye':
        this.#enter('ended')
        break
    }
    this.#reception.take(message)
  }

  #lose(how: string): void {
    if (this.#state === 'joined') {
      this.#untilMs = this.#options.clock.nowMs() + (this.#identity?.graceMs ?? 0)
      this.#options.log.warn({}, `the master is away: ${how}`)
      this.#parted()
    }
    if (this.#state !== 'over') this.#enter('lost')
  }

  #resume(heard: number): void {
    this.#enter('resumed')
    this.#pauseMs = FIRST_RETRY_MS
    this.#options.log.info({}, 'the master is back')
    this.#heard(heard)
    for (const message of this.#outbox.waiting) this.#connection?.send(message)
  }

  /** On a new connection what was missed comes first: it may be that the share is another's now. */
  #renew(masterMs: number): void {
    if (this.#state === 'joined') this.#lease.renew(masterMs)
  }

  #heard(n: number): void {
    this.#outbox.heard(n)
    if (this.#outbox.waiting.length === 0) this.#allHeard()
  }

  #enter(event: SessionEvent): void {
    const next = sessionAfter(this.#state, event)
    if (next === null) throw new RangeError(`${event} while ${this.#state}`)
    this.#state = next
  }

  #end(error: LoadError): void {
    if (this.#state !== 'over') this.#enter('ended')
    this.#over.abort(error)
    this.#connection?.close()
  }

  #tooLate(error: unknown): LoadError {
    if (this.#identity === null && error instanceof LoadError) return error
    const { graceMs = 0 } = this.#identity ?? {}
    return new LoadError(
      'MASTER_UNREACHABLE',
      `the master is gone: it could not be reached for ${graceMs / 1000} s: ${messageOf(error)}`,
      'the worker stopped its load when it lost the master; look at the master’s log and start the run again',
    )
  }
}

const notUnderstood = (how: string): LoadError =>
  new LoadError(
    'MASTER_REFUSED',
    `this is no master that the worker can work for: ${how}`,
    'install the same version on all hosts',
  )
