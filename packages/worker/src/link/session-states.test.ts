import { expect, test } from 'vitest'
import { type SessionEvent, type SessionState, sessionAfter } from './session-states.js'

const EVENTS: readonly SessionEvent[] = ['connected', 'welcomed', 'resumed', 'lost', 'ended']

test.each<[SessionState, string]>([
  ['calling', 'connected→greeting ended→over'],
  ['greeting', 'welcomed→joined lost→calling ended→over'],
  ['joined', 'lost→away ended→over'],
  ['away', 'connected→back ended→over'],
  ['back', 'resumed→joined lost→away ended→over'],
  ['over', ''],
])('%s: %s, and nothing else', (state, expected) => {
  const possible = EVENTS.map((event) => [event, sessionAfter(state, event)] as const).filter(
    ([, next]) => next !== null,
  )
  expect(possible.map(([event, next]) => `${event}→${next}`).join(' ')).toBe(expected)
})
