import { expect, test } from 'vitest'
import { type Presence, type PresenceEvent, presenceAfter } from './presence.js'

const EVENTS: readonly PresenceEvent[] = ['lost', 'returned', 'ended', 'left']

test.each<[Presence, string]>([
  ['here', 'lost→away ended→gone left→left'],
  ['away', 'returned→here ended→gone left→left'],
  ['gone', ''],
  ['left', ''],
])('%s: %s, and nothing else', (presence, expected) => {
  const possible = EVENTS.map((event) => [event, presenceAfter(presence, event)] as const)
  const changes = possible.filter(([, next]) => next !== null)
  expect(changes.map(([event, next]) => `${event}→${next}`).join(' ')).toBe(expected)
})
