import {
  type Clock,
  type Delta,
  type Log,
  messageOf,
  mustArrive,
  type RequestBatch,
  type ResponseFrames,
  type WorkerMessage,
} from '@llmload/core'
import type { Member } from './member.js'
import { stateAfter } from './worker-states.js'

/** Where what workers say goes to. */
export interface MessageDeps {
  readonly clock: Clock
  readonly log: Log
  /** Throws on a delta that cannot be added up. */
  readonly onDelta: (member: Member, delta: Delta) => void
  /** Told of single requests; throws on what must not be there. */
  readonly onRequests: (member: Member, batch: RequestBatch) => void
  readonly onFrames: (member: Member, frames: ResponseFrames) => void
}

/**
 * Takes what a worker says, if it has not said it before; returns why it must not, if so. What must
 * arrive is confirmed, so that the worker need not say it again.
 */
export function takeMessage(
  member: Member,
  message: WorkerMessage,
  n: number | undefined,
  deps: MessageDeps,
): string | null {
  try {
    if (!member.inbox.takes(n)) return null
    const next = stateAfter(member.state, message.type)
    if (next === null) return `a ${message.type} while ${member.state}`
    if (next !== member.state || message.type === 'delta') member.advancedAtMs = deps.clock.nowMs()
    member.state = next
    note(member, message, deps)
  } catch (error) {
    return messageOf(error)
  }
  // A delta has its own answer, and comes right behind the requests that it counts.
  if (mustArrive(message) && message.type !== 'delta' && message.type !== 'requests') {
    member.send({ type: 'heard', last: member.inbox.last })
  }
  return null
}

/** Keeps what a message says. Its type is right for the state of the worker. Throws on what makes no sense. */
function note(
  member: Member,
  message: WorkerMessage,
  { clock, log, onDelta, onRequests, onFrames }: MessageDeps,
): void {
  const { id } = member
  const nowMs = clock.nowMs()
  const warn = (warning: string): void => log.warn({ workerId: id }, `worker ${id}: ${warning}`)
  switch (message.type) {
    case 'hello':
    case 'heartbeat':
      return
    case 'heard':
      return member.outbox.heard(message.last)
    case 'ping':
      return member.send({ type: 'pong', workerMs: message.workerMs, masterMs: nowMs })
    case 'preparing':
      member.progress = message
      return
    case 'ready':
      member.ready = message
      member.firstClock = { reading: message.clock, atMs: nowMs }
      member.clock = member.firstClock
      for (const warning of message.warnings) warn(warning)
      return
    case 'clock':
      member.clock = { reading: message.clock, atMs: nowMs }
      return
    case 'failed':
      member.failure = message
      return
    case 'started':
      member.lateByMs = message.lateByMs
      return
    case 'note':
      return log.info({ workerId: id }, `worker ${id}: ${message.message}`)
    case 'warning':
      return warn(message.message)
    case 'delta':
      member.users = message.users
      member.inFlight = message.inFlight
      named('a delta that cannot be added up', () => onDelta(member, message))
      return member.send({ type: 'ack', seq: message.seq, heard: member.inbox.last, masterMs: nowMs })
    case 'requests':
      return named('requests that cannot be logged', () => onRequests(member, message))
    case 'frames':
      return onFrames(member, message.frames)
    case 'leaving':
      member.leaving = true
      return log.info({ workerId: id }, `worker ${id} was told to leave: its share goes to the others`)
    case 'drained':
      member.drained = { atMs: nowMs, lastSeq: message.lastSeq, endedMs: message.endedMs }
      return
  }
}

/** Says what it was that made no sense. */
function named(name: string, take: () => void): void {
  try {
    take()
  } catch (error) {
    throw new RangeError(`${name}: ${messageOf(error)}`)
  }
}
