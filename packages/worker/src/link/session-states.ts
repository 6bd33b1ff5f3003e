/**
 * What a worker is to its master, and what may follow what:
 *
 * | state    | event     | then     |                                                                  |
 * |----------|-----------|----------|------------------------------------------------------------------|
 * | calling  | connected | greeting | it has never been let in, and says hello as a new worker           |
 * | greeting | welcomed  | joined   |                                                                  |
 * | greeting | lost      | calling  |                                                                  |
 * | joined   | lost      | away     | load goes on as long as the lease does, messages wait              |
 * | away     | connected | back     | it says who it is                                                |
 * | back     | resumed   | joined   | both sides say again what the other has not heard                  |
 * | back     | lost      | away     |                                                                  |
 *
 * Every state ends in `over`: by the master's `bye` or refusal, or when the time for connecting is
 * over (`calling`: the longest wait for a master, `away` and `back`: the grace time).
 */
const NEXT = {
  calling: { connected: 'greeting', ended: 'over' },
  greeting: { welcomed: 'joined', lost: 'calling', ended: 'over' },
  joined: { lost: 'away', ended: 'over' },
  away: { connected: 'back', ended: 'over' },
  back: { resumed: 'joined', lost: 'away', ended: 'over' },
  over: {},
} as const satisfies Record<string, { readonly [event in SessionEvent]?: string }>

export type SessionEvent = 'connected' | 'welcomed' | 'resumed' | 'lost' | 'ended'
export type SessionState = keyof typeof NEXT

/** The state after an event; null if the event cannot come in that state. */
export function sessionAfter(state: SessionState, event: SessionEvent): SessionState | null {
  const next: { readonly [event in SessionEvent]?: SessionState } = NEXT[state]
  return next[event] ?? null
}
