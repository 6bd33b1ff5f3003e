import { randomBytes, timingSafeEqual } from 'node:crypto'
import { hostname } from 'node:os'
import {
  HEARTBEAT_MS,
  type MasterMessage,
  PAUSE_MS,
  PROTOCOL_VERSION,
  type Resumption,
  type WorkerMessage,
} from '@llmload/core'
import type { WebSocket } from 'ws'
import { Member } from './member.js'
import { type MessageDeps, takeMessage } from './take-message.js'
import { Watch } from './watch.js'
import { WorkerSession } from './worker-session.js'

/** How long workers may take to close their connection after `bye`. */
const GOODBYE_LIMIT_MS = 2000

/** A network may garble a message now and then; who breaks the rules more often does so by itself. */
const MAX_VIOLATIONS = 3

/** Of a run, those that are gone included, as each stays in its report: who joins without end must not fill the memory. */
const MAX_MEMBERS = 10_000

type Hello = Extract<WorkerMessage, { type: 'hello' }>

/** Why a worker may not take part, and what to do about it. */
export interface WhyNot {
  readonly message: string
  readonly hint: string
}

export interface FleetOptions extends MessageDeps {
  readonly runId: string
  /** Of llmload; workers must have the same. */
  readonly version: string
  /** How long a worker that was lost may take to come back; 0 = it may not. */
  readonly graceMs: number
  /** Why no worker may join now, if so. */
  readonly whyClosed: () => WhyNot | null
}

/**
 * The workers of a run: takes their connections, knows them again on the next one, answers what
 * every worker may ask at any time, and keeps what each has said. Who waits for something to happen
 * in the fleet does so with `watch`.
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

  /** Those who can be reached now. */
  get present(): Member[] {
    return this.#members.filter(({ isHere }) => isHere)
  }

  /** Those who have, or had, a share of the load. */
  get participants(): Member[] {
    return this.#members.filter(({ hadShare }) => hadShare)
  }

  /** Takes a new connection; nothing is known of it before its hello. */
  accept(socket: WebSocket): void {
    let member: Member | null = null
    const session = new WorkerSession(socket, this.#options.clock, {
      onMessage: (message, n) => {
        if (member) this.#receive(member, message, n)
        else if (message.type === 'hello') member = this.#greet(message, session)
        else session.reject(`a ${message.type} before its hello`)
      },
      onEnd: (how, isFault) => {
        this.#sessions.delete(session)
        if (member) this.#lose(member, how, isFault)
        else this.#options.log.debug({}, `a connection without a worker ${how}`)
        this.watch.changed()
      },
    })
    this.#sessions.add(session)
  }

  send(members: readonly Member[], message: MasterMessage): void {
    for (const member of members) member.send(message)
  }

  /** Tells a worker that it is not needed (any more). */
  dismiss(member: Member, reason: string): void {
    member.send({ type: 'bye' })
    member.become('left')
    member.session.dismiss(reason)
  }

  /** A worker cannot be counted on any more; `how` as the end of a sentence about it. */
  giveUp(member: Member, how: string): void {
    const { clock, log } = this.#options
    const away = member.aways.at(-1)
    const wasHere = member.isHere
    if (member.isOver || !member.become('ended')) return
    member.gone = { atMs: away?.untilMs === null ? away.fromMs : clock.nowMs(), how }
    member.users = 0
    member.inFlight = 0
    if (wasHere) member.session.giveUp(how)
    const { id, state } = member
    log.warn({ workerId: id, state }, `Worker '${id}' is lost: it ${how}. ${this.present.length} workers left.`)
    this.watch.changed()
  }

  /** A process of this host has ended. */
  processEnded(pid: number, how: string): void {
    const member = this.#members.find((candidate) => candidate.pid === pid && candidate.host === hostname())
    if (member && !member.isOver) this.giveUp(member, `ended (${how})`)
  }

  /** Says goodbye to everyone and waits a moment until they have closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const member of this.#members) this.dismiss(member, 'the run is over')
    for (const session of this.#sessions) session.dismiss('the run is over')
    const untilMs = this.#options.clock.nowMs() + GOODBYE_LIMIT_MS
    await this.watch.until(() => this.#sessions.size === 0, { untilMs, signal: new AbortController().signal })
  }

  #greet(hello: Hello, session: WorkerSession): Member | null {
    const whyNot = this.#problemOf(hello)
    if (whyNot === null) return hello.resume ? this.#resume(hello.resume, session) : this.#join(hello, session)
    const { host, pid } = hello
    this.#options.log.warn({ host, pid }, `a worker was turned away: ${whyNot.message}`)
    session.refuse(whyNot.message, whyNot.hint)
    return null
  }

  #join({ host, pid }: Hello, session: WorkerSession): Member {
    const { clock, log, runId, graceMs } = this.#options
    const key = randomBytes(24).toString('base64url')
    const id = this.#uniqueId(host, pid)
    const member = new Member({ id, host, pid, key, joinedAtMs: clock.nowMs() }, session)
    this.#members.push(member)
    session.send({ type: 'welcome', runId, workerId: id, key, graceMs })
    const index = this.#members.length - 1
    const count = this.present.length
    log.info({ workerId: id, host, pid }, `${id} (index ${index}) reported as ready. ${count} workers connected.`)
    this.watch.changed()
    return member
  }

  /** Before anything that lets it load, a worker hears all that it has missed. */
  #resume({ workerId, heard }: Resumption, session: WorkerSession): Member | null {
    const member = this.#members.find(({ id }) => id === workerId)
    if (member === undefined) return null
    try {
      member.outbox.heard(heard)
    } catch (error) {
      session.reject(String(error))
      return null
    }
    if (member.isHere) this.#lose(member, 'came back on another connection', false)
    member.session.replace()
    member.session = session
    member.become('returned')
    const nowMs = this.#options.clock.nowMs()
    const away = member.aways.at(-1)
    if (away && !member.isOver) away.untilMs = nowMs
    session.send({ type: 'resumed', heard: member.inbox.last })
    for (const message of member.outbox.waiting) session.send(message)
    this.#options.log.info({ workerId }, `Worker '${workerId}' is back. ${this.present.length} workers connected.`)
    this.watch.changed()
    return member
  }

  #problemOf({ protocol, version, resume }: Hello): WhyNot | null {
    if (protocol !== PROTOCOL_VERSION || version !== this.#options.version) {
      const mine = `llmload ${this.#options.version} (protocol ${PROTOCOL_VERSION})`
      return {
        message: `the worker is llmload ${version} (protocol ${protocol}), the master is ${mine}`,
        hint: 'install the same version on all hosts',
      }
    }
    if (resume) return this.#problemOfReturn(resume)
    if (this.#members.length < MAX_MEMBERS) return this.#options.whyClosed()
    return { message: `${MAX_MEMBERS} workers have joined the run already`, hint: 'start another run' }
  }

  #problemOfReturn({ runId, workerId, key }: Resumption): WhyNot | null {
    const hint = 'start the worker again, for the next run'
    if (runId !== this.#options.runId) return { message: 'this is another run: the master was started again', hint }
    const member = this.#members.find(({ id }) => id === workerId)
    if (member === undefined || !sameKey(member.key, key)) return { message: 'it is not known here', hint }
    if (this.#options.graceMs === 0) return { message: 'who loses the connection may not come back here', hint }
    if (member.presence === 'here' || member.presence === 'away') return null
    return { message: `it was given up: it ${member.gone?.how ?? 'was told to go'}`, hint }
  }

  #uniqueId(host: string, pid: number): string {
    const id = `${host.replace(/[^\w.-]/g, '_').slice(0, 64)}-${pid}`
    const isTaken = (candidate: string): boolean => this.#members.some((member) => member.id === candidate)
    if (!isTaken(id)) return id
    let number = this.#members.filter((member) => member.id.startsWith(`${id}-`)).length + 2
    while (isTaken(`${id}-${number}`)) number++
    return `${id}-${number}`
  }

  #receive(member: Member, message: WorkerMessage, n: number | undefined): void {
    const problem = takeMessage(member, message, n, this.#options)
    if (problem !== null) member.session.reject(problem)
    this.watch.changed()
  }

  #lose(member: Member, how: string, isFault: boolean): void {
    const { clock, log, graceMs } = this.#options
    if (isFault) member.violations++
    // One that has said all may still want to hear that all has arrived.
    if (member.isOver) return void member.become('lost')
    member.become('lost')
    member.aways.push({ fromMs: clock.nowMs(), untilMs: null, how })
    member.users = 0
    member.inFlight = 0
    if (graceMs === 0 || member.violations >= MAX_VIOLATIONS) return this.giveUp(member, how)
    const { id, state } = member
    log.warn({ workerId: id, state }, `Worker '${id}' is away: it ${how}. It may come back within ${graceMs / 1000} s.`)
  }

  #beat(): void {
    const { clock, graceMs } = this.#options
    const nowMs = clock.nowMs()
    // Of a master that was not running, what its workers said meanwhile is still to be read.
    const stalledMs = nowMs - this.#beatMs > PAUSE_MS ? nowMs - this.#beatMs : 0
    this.#beatMs = nowMs
    for (const session of this.#sessions) session.listen()
    for (const member of this.#members) {
      if (member.isHere) member.session.beat()
      const away = member.aways.at(-1)
      if (member.isOver || member.isHere || !away) continue
      member.graceFromMs = Math.max(member.graceFromMs, away.fromMs) + stalledMs
      if (nowMs - member.graceFromMs > graceMs) this.giveUp(member, `${away.how}, and did not come back`)
    }
    this.watch.changed()
  }
}

function sameKey(key: string, given: string): boolean {
  const [a, b] = [Buffer.from(key), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
