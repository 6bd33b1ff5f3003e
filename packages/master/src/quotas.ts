import { countOf, type Log } from '@llmload/core'
import type { Fleet } from './fleet.js'
import type { Member } from './member.js'

export interface QuotasDeps {
  readonly fleet: Fleet
  readonly log: Log
  /** Requests of the measured window that a worker has reported as sent. */
  readonly sentBy: (member: Member) => number
}

/**
 * `--max-requests` is dealt out at the start. What a worker had left of its part when nothing will
 * come from it any more is granted to those who are there. Not before: one that is away may have sent
 * it already, and say so when it comes back.
 */
export class Quotas {
  readonly #deps: QuotasDeps

  constructor(deps: QuotasDeps) {
    this.#deps = deps
  }

  look(): void {
    const { fleet, log, sentBy } = this.#deps
    const heirs = fleet.participants.filter(({ isHere, isOver, leaving }) => isHere && !isOver && !leaving)
    if (heirs.length === 0) return
    for (const member of fleet.participants.filter(({ isOver }) => isOver)) {
      const left = member.quota - sentBy(member)
      if (!Number.isFinite(left) || left <= 0) continue
      member.quota -= left
      log.info({ workerId: member.id, left }, `${left} requests that '${member.id}' did not send are for the others`)
      for (const [index, heir] of heirs.entries()) grant(heir, countOf({ index, count: heirs.length }, left))
    }
  }
}

function grant(member: Member, requests: number): void {
  if (requests === 0) return
  member.quota += requests
  member.send({ type: 'grant', requests })
}
