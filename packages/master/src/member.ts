import {
  type Assignment,
  type ClockReading,
  Inbox,
  type MasterMessage,
  mustArrive,
  Outbox,
  type WorkerMessage,
} from '@llmload/core'
import { type Presence, type PresenceEvent, presenceAfter } from './presence.js'
import type { WorkerSession } from './worker-session.js'
import type { WorkerState } from './worker-states.js'

type MessageOf<Type extends WorkerMessage['type']> = Extract<WorkerMessage, { type: Type }>

/** A time in which a worker could not be reached. */
export interface Away {
  readonly fromMs: number
  /** Null = it has not come back (yet). */
  untilMs: number | null
  /** As the end of a sentence: `closed the connection`. */
  readonly how: string
}

/** Who a worker is. */
export interface Identity {
  /** Unique in the run: `host-pid`, with a number behind it where that is taken. */
  readonly id: string
  readonly host: string
  readonly pid: number
  /** Secret: who has it is this worker. */
  readonly key: string
  readonly joinedAtMs: number
}

/** A worker that has joined: who it is, what it has said last, and what was given to it. */
export class Member {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly key: string
  readonly joinedAtMs: number
  session: WorkerSession
  readonly outbox = new Outbox<MasterMessage>()
  readonly inbox = new Inbox()
  state: WorkerState = 'joined'
  /** When its state changed last, or it last said a delta. */
  advancedAtMs: number
  /** Its shares of the load, one after the other; none = it has not had any yet. */
  readonly assignments: Assignment[] = []
  /** It was told the start of the run. */
  isTold = false
  /** Requests of `--max-requests` that it may send; Infinity = no limit. */
  quota = Number.POSITIVE_INFINITY
  progress: MessageOf<'preparing'> | null = null
  ready: MessageOf<'ready'> | null = null
  failure: MessageOf<'failed'> | null = null
  lateByMs: number | null = null
  /** Its clock as measured last, and when that was. */
  clock: { readonly reading: ClockReading; readonly atMs: number } | null = null
  /** The first such reading: against it the last one shows the drift. */
  firstClock: { readonly reading: ClockReading; readonly atMs: number } | null = null
  users = 0
  inFlight = 0
  /** It wants to go. */
  leaving = false
  drained: { readonly atMs: number; readonly lastSeq: number; readonly endedMs: number } | null = null
  readonly aways: Away[] = []
  /** It is lost: since when, and how, as the end of a sentence. */
  gone: { readonly atMs: number; readonly how: string } | null = null
  /** When the grace time of its last absence began, the pauses of the master itself left out. */
  graceFromMs = Number.NEGATIVE_INFINITY
  /** How often it said what it must not. */
  violations = 0
  #presence: Presence = 'here'

  constructor({ id, host, pid, key, joinedAtMs }: Identity, session: WorkerSession) {
    this.id = id
    this.host = host
    this.pid = pid
    this.key = key
    this.joinedAtMs = joinedAtMs
    this.advancedAtMs = joinedAtMs
    this.session = session
  }

  get presence(): Presence {
    return this.#presence
  }

  get isHere(): boolean {
    return this.#presence === 'here'
  }

  /** It was told to go, or has said all: its end is no loss. */
  get dismissed(): boolean {
    return this.#presence === 'left'
  }

  /** Nothing will come from it any more. */
  get isOver(): boolean {
    return this.drained !== null || this.#presence === 'gone' || this.#presence === 'left'
  }

  /** It has, or had, a part of the load. */
  get hadShare(): boolean {
    return this.assignments.some(({ share }) => share !== null)
  }

  /** Whether that changed anything. */
  become(event: PresenceEvent): boolean {
    const next = presenceAfter(this.#presence, event)
    if (next === null) return false
    this.#presence = next
    return true
  }

  /** What must arrive waits for a worker that is away. */
  send(message: MasterMessage): void {
    const frame = mustArrive(message) ? this.outbox.post(message) : message
    if (this.isHere) this.session.send(frame)
  }
}
