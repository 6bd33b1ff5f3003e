/**
 * Whether the master can reach a worker that has joined, and what may follow what:
 *
 * | presence | event    | then |                                                                     |
 * |----------|----------|------|---------------------------------------------------------------------|
 * | here     | lost     | away | its connection ended or was silent: it may come back                |
 * |          | ended    | gone | its process has ended, or it was given up                           |
 * |          | left     | left | it was told to go, or all it had to say is said                     |
 * | away     | returned | here | with its key, within the grace time                                 |
 * |          | ended    | gone | that time is over, or its process has ended, or it broke the rules  |
 * |          | left     | left |                                                                     |
 *
 * `gone` is a loss, `left` is none; both are final.
 */
const NEXT = {
  here: { lost: 'away', ended: 'gone', left: 'left' },
  away: { returned: 'here', ended: 'gone', left: 'left' },
  gone: {},
  left: {},
} as const satisfies Record<string, { readonly [event in PresenceEvent]?: string }>

export type PresenceEvent = 'lost' | 'returned' | 'ended' | 'left'
export type Presence = keyof typeof NEXT

/** The presence after an event; null if the event changes nothing any more. */
export function presenceAfter(presence: Presence, event: PresenceEvent): Presence | null {
  const next: { readonly [event in PresenceEvent]?: Presence } = NEXT[presence]
  return next[event] ?? null
}
