import {
  type Clock,
  type Delta,
  HEARTBEAT_MS,
  type Log,
  type MasterMessage,
  messageOf,
  PROTOCOL_VERSION,
  type RequestBatch,
  type ResponseFrames,
  type WorkerMessage,
} from '@llmload/core'
import type { WebSocket } from 'ws'
import { isParticipant, type Member, newMember, type Participant } from './member.js'
import { Watch } from './watch.js'
import { WorkerSession } from './worker-session.js'
import { stateAfter } from './worker-states.js'

/** How long workers may take to close their connection after `bye`. */
const GOODBYE_LIMIT_MS = 2000

/** A master whose own timer is so late was not running; the silence of its workers is no news then. */
const MASTER_STALL_MS = 3 * HEARTBEAT_MS

type Hello = Extract<WorkerMessage, { type: 'hello' }>

export interface FleetOptions {
  readonly clock: Clock
  readonly log: Log
  /** Of llmload; workers must have the same. */
  readonly version: string
  /** Whether a worker may still join. */
  readonly isOpen: () => boolean
  /** Throws on a delta that cannot be added up. */
  readonly onDelta: (member: Member, delta: Delta) => void
  /** Told of single requests; throws on what must not be there. */
  readonly onRequests: (member: Member, batch: RequestBatch) => void
  readonly onFrames: (member: Member, frames: ResponseFrames) => void
}

/**
 * The workers of a run: takes their connections, answers what every worker may ask at any time, and
 * keeps what each has said. Who waits for something to happen in the fleet does so with `watch`.
 */
export class Fleet {
  readonly watch: Watch
  readonly #options: FleetOptions
  readonly #members: Member[] = []
  readonly #sessions = new Set<WorkerSession>()
  readonly #timer: NodeJS.Timeout
  #beatMs: number

  constructor(options: FleetOptions) {
    this.#options = options
    this.watch = new Watch(options.clock)
    this.#beatMs = options.clock.nowMs()
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS)
  }

  /** Everyone who has joined, in order, those who are gone included. */
  get members(): readonly Member[] {
    return this.#members
  }

  /** Those who take part, or would, if the run began now. */
  get present(): Member[] {
    return this.#members.filter(({ gone, dismissed }) => gone === null && !dismissed)
  }

  get participants(): Participant[] {
    return this.#members.filter(isParticipant)
  }

  /** Takes a new connection; nothing is known of it before its hello. */
  accept(socket: WebSocket): void {
    let member: Member | null = null
    const session = new WorkerSession(socket, this.#options.clock, {
      onMessage: (message) => {
        if (member) this.#receive(member, message)
        else if (message.type === 'hello') member = this.#join(message, session)
        else session.reject(`a ${message.type} before its hello`)
      },
      onEnd: (how) => {
        this.#sessions.delete(session)
        if (member) this.#lose(member, how)
        else this.#options.log.debug({}, `a connection without a worker ${how}`)
        this.watch.changed()
      },
    })
    this.#sessions.add(session)
  }

  send(members: readonly Member[], message: MasterMessage): void {
    for (const { session } of members) session.send(message)
  }

  /** Tells a worker that it is not needed (any more). */
  dismiss(member: Member, reason: string): void {
    member.dismissed = true
    member.session.dismiss(reason)
  }

  /** Says goodbye to everyone and waits a moment until they have closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const member of this.#members) member.dismissed = true
    for (const session of this.#sessions) session.dismiss('the run is over')
    const untilMs = this.#options.clock.nowMs() + GOODBYE_LIMIT_MS
    await this.watch.until(() => this.#sessions.size === 0, { untilMs, signal: new AbortController().signal })
  }

  #join(hello: Hello, session: WorkerSession): Member | null {
    const problem = this.#problemOf(hello)
    if (problem) {
      this.#options.log.warn({ host: hello.host, pid: hello.pid }, `a worker was turned away: ${problem.message}`)
      session.refuse(problem.message, problem.hint)
      return null
    }
    const member = newMember(hello, this.#uniqueId(hello), session)
    this.#members.push(member)
    session.send({ type: 'welcome', workerId: member.id })
    const { id, host, pid } = member
    const index = this.#members.length - 1
    this.#options.log.info(
      { workerId: id, host, pid },
      `${id} (index ${index}) reported as ready. ${this.present.length} workers connected.`,
    )
    this.watch.changed()
    return member
  }

  #problemOf({ protocol, version }: Hello): { message: string; hint: string } | null {
    if (protocol !== PROTOCOL_VERSION || version !== this.#options.version) {
      const mine = `llmload ${this.#options.version} (protocol ${PROTOCOL_VERSION})`
      return {
        message: `the worker is llmload ${version} (protocol ${protocol}), the master is ${mine}`,
        hint: 'install the same version on all hosts',
      }
    }
    if (this.#options.isOpen()) return null
    return {
      message: 'the run has begun without it',
      hint: 'start all workers before the run, and tell the master how many there are with --expect-workers',
    }
  }

  #uniqueId({ host, pid }: Hello): string {
    const id = `${host.replace(/[^\w.-]/g, '_').slice(0, 64)}-${pid}`
    const isTaken = (candidate: string): boolean => this.#members.some((member) => member.id === candidate)
    if (!isTaken(id)) return id
    let number = 2
    while (isTaken(`${id}-${number}`)) number++
    return `${id}-${number}`
  }

  #receive(member: Member, message: WorkerMessage): void {
    const next = stateAfter(member.state, message.type)
    if (next === null) return member.session.reject(`a ${message.type} while ${member.state}`)
    member.state = next
    this.#note(member, message)
    this.watch.changed()
  }

  /** Keeps what a message says. Its type is right for the state of the worker. */
  #note(member: Member, message: WorkerMessage): void {
    switch (message.type) {
      case 'hello':
      case 'heartbeat':
        return
      case 'ping':
        return member.session.send({ type: 'pong', workerMs: message.workerMs, masterMs: this.#options.clock.nowMs() })
      case 'preparing':
        member.progress = message
        return
      case 'ready':
        member.ready = message
        return this.#warnOf(member, message.warnings)
      case 'failed':
        member.failure = message
        return
      case 'started':
        member.lateByMs = message.lateByMs
        return
      case 'note':
        return this.#options.log.info({ workerId: member.id }, `worker ${member.id}: ${message.message}`)
      case 'warning':
        return this.#warnOf(member, [message.message])
      case 'delta':
        return this.#addUp(member, message)
      case 'requests':
        return this.#takeRequests(member, message)
      case 'frames':
        return this.#options.onFrames(member, message.frames)
      case 'drained':
        member.drained = { atMs: this.#options.clock.nowMs(), lastSeq: message.lastSeq, endedMs: message.endedMs }
        return
    }
  }

  #addUp(member: Member, delta: Delta): void {
    member.users = delta.users
    member.inFlight = delta.inFlight
    try {
      this.#options.onDelta(member, delta)
    } catch (error) {
      return member.session.reject(`a delta that cannot be added up: ${messageOf(error)}`)
    }
    member.session.send({ type: 'ack', seq: delta.seq })
  }

  #takeRequests(member: Member, batch: RequestBatch): void {
    try {
      this.#options.onRequests(member, batch)
    } catch (error) {
      member.session.reject(`requests that cannot be logged: ${messageOf(error)}`)
    }
  }

  #warnOf({ id }: Member, warnings: readonly string[]): void {
    for (const warning of warnings) this.#options.log.warn({ workerId: id }, `worker ${id}: ${warning}`)
  }

  #lose(member: Member, how: string): void {
    const { id, drained, dismissed, state } = member
    member.state = 'gone'
    member.users = 0
    member.inFlight = 0
    if (drained || dismissed) return
    member.gone = { atMs: this.#options.clock.nowMs(), how }
    this.#options.log.warn(
      { workerId: id, state },
      `Worker '${id}' is lost: it ${how}. ${this.present.length} workers left.`,
    )
  }

  #beat(): void {
    const nowMs = this.#options.clock.nowMs()
    const stalled = nowMs - this.#beatMs > MASTER_STALL_MS
    this.#beatMs = nowMs
    for (const session of this.#sessions) {
      if (stalled) session.forgiveSilence()
      session.beat()
    }
  }
}
