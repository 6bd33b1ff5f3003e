import type { Timeline } from './timeline.js'

/** What a server or a proxy does otherwise than asked, and the request succeeds all the same. */
export const ODDITIES = ['not_streamed', 'compressed', 'without_done', 'resent'] as const
export type Oddity = (typeof ODDITIES)[number]

const HAS: Record<Oddity, (timeline: Timeline) => boolean> = {
  not_streamed: ({ notStreamed }) => notStreamed,
  compressed: ({ contentEncoding }) => contentEncoding !== null,
  without_done: ({ withoutDone }) => withoutDone,
  resent: ({ resent }) => resent,
}

/** What was odd about a request that is over. */
export const odditiesOf = (timeline: Timeline): Oddity[] => ODDITIES.filter((oddity) => HAS[oddity](timeline))
