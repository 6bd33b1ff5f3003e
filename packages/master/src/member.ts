import type { ClockReading, WorkerMessage, WorkerShare } from '@llmload/core'
import type { WorkerSession } from './worker-session.js'
import type { WorkerState } from './worker-states.js'

type MessageOf<Type extends WorkerMessage['type']> = Extract<WorkerMessage, { type: Type }>

/** A worker that has joined: who it is, and what it has said last. */
export interface Member {
  /** Unique in the run: `host-pid`, with a number behind it where that is taken. */
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly session: WorkerSession
  state: WorkerState
  /** Its part of the load; null = it has none (yet). */
  share: WorkerShare | null
  progress: MessageOf<'preparing'> | null
  ready: MessageOf<'ready'> | null
  failure: MessageOf<'failed'> | null
  lateByMs: number | null
  users: number
  inFlight: number
  drained: { readonly atMs: number; readonly lastSeq: number; readonly endedMs: number } | null
  /** Its connection ended, when and how; `how` as the end of a sentence. */
  gone: { readonly atMs: number; readonly how: string } | null
  /** It was told to go, so its end is no loss. */
  dismissed: boolean
}

export function newMember(hello: MessageOf<'hello'>, id: string, session: WorkerSession): Member {
  return {
    id,
    host: hello.host,
    pid: hello.pid,
    session,
    state: 'joined',
    share: null,
    progress: null,
    ready: null,
    failure: null,
    lateByMs: null,
    users: 0,
    inFlight: 0,
    drained: null,
    gone: null,
    dismissed: false,
  }
}

/** A worker with a part of the load. */
export type Participant = Member & { share: WorkerShare }

export const isParticipant = (member: Member): member is Participant => member.share !== null

/** Nothing will come from it any more. */
export const isOver = ({ drained, gone }: Member): boolean => drained !== null || gone !== null

/** Its clock against the master's, once it is ready. */
export const clockOf = ({ ready }: Member): ClockReading | null => ready?.clock ?? null
