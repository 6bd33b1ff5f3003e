import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Clock } from '@llmload/core'

/**
 * How long addresses of a name are used. Long enough that a burst of connections asks once; short
 * enough that a service which moves is followed.
 */
const KEEP_MS = 5000

type Callback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void

/**
 * Name resolution for many connections to one host. Node asks the system for every single
 * connection, four at a time, which is a queue in front of a thousand that start at once; what a name
 * server needs would be in their time to first token.
 */
export function sharedLookup(clock: Clock): LookupFunction {
  let known: { addresses: LookupAddress[]; untilMs: number } | null = null
  const waiting: Callback[] = []

  const settle: Callback = (error, addresses) => {
    known = error ? null : { addresses, untilMs: clock.nowMs() + KEEP_MS }
    for (const callback of waiting.splice(0)) callback(error, addresses)
  }

  return (hostname, options, callback) => {
    const answer: Callback = (error, addresses) => {
      const [first] = addresses ?? []
      if (options.all || error || !first) callback(error, addresses)
      else callback(null, first.address, first.family)
    }
    if (known && clock.nowMs() < known.untilMs) return void process.nextTick(answer, null, known.addresses)
    waiting.push(answer)
    if (waiting.length === 1) lookup(hostname, { ...options, all: true }, settle)
  }
}
