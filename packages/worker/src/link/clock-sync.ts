import type { Clock, ClockReading } from '@llmload/core'
import type { MasterLink } from './master-link.js'

/** Enough for the fastest round trip to be one without a delay of either event loop. */
const PINGS = 8

/**
 * Master clock minus worker clock. Taken from the ping with the smallest round trip, whose answer
 * was stamped somewhere within it: the error is at most half of that round trip.
 */
export async function measureClock(link: MasterLink, clock: Clock): Promise<ClockReading> {
  let best: ClockReading = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY }
  for (let i = 0; i < PINGS; i++) {
    const sentMs = clock.nowMs()
    link.send({ type: 'ping', workerMs: sentMs })
    const { masterMs } = await link.expect('pong')
    const receivedMs = clock.nowMs()
    const errorMs = (receivedMs - sentMs) / 2
    if (errorMs < best.errorMs) best = { offsetMs: masterMs - (sentMs + receivedMs) / 2, errorMs }
  }
  return best
}
