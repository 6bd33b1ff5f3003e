import type { WorkerMessage } from '@llmload/core'

type MessageType = WorkerMessage['type']

/** What every worker may say at any time after its hello. */
const ALWAYS = ['ping', 'heartbeat', 'heard', 'clock', 'note', 'warning'] as const

/**
 * Which message a worker may send in which state, and the state it is in afterwards. Anything else
 * closes its connection.
 *
 * | state     | its message  | then      | how else it leaves the state                 |
 * |-----------|--------------|-----------|----------------------------------------------|
 * | connected | hello        | joined    |                                              |
 * | joined    |              |           | preparing, when the master sends `prepare`   |
 * | preparing | preparing    | preparing |                                              |
 * |           | ready        | ready     |                                              |
 * |           | failed       | failed    |                                              |
 * | ready     | started      | running   |                                              |
 * |           | leaving      | ready     |                                              |
 * | running   | delta        | running   |                                              |
 * |           | requests     | running   |                                              |
 * |           | frames       | running   |                                              |
 * |           | leaving      | running   |                                              |
 * |           | drained      | drained   |                                              |
 *
 * A state outlives the connection: see presence.ts.
 */
const NEXT = {
  connected: { hello: 'joined' },
  joined: {},
  preparing: { preparing: 'preparing', ready: 'ready', failed: 'failed' },
  ready: { started: 'running', leaving: 'ready' },
  running: { delta: 'running', requests: 'running', frames: 'running', leaving: 'running', drained: 'drained' },
  drained: {},
  failed: {},
} as const satisfies Record<string, { readonly [type in MessageType]?: string }>

export type WorkerState = keyof typeof NEXT

/** The state of a worker after a message; null if it may not send that now. */
export function stateAfter(state: WorkerState, type: MessageType): WorkerState | null {
  if (state !== 'connected' && ALWAYS.some((always) => always === type)) return state
  const next: { readonly [type in MessageType]?: WorkerState } = NEXT[state]
  return next[type] ?? null
}
