import type { Clock, Keep, LevelChange, Log, Plan, Secrets } from '@llmload/core'
import { sendPlan } from './barrier.js'
import type { Fleet } from './fleet.js'

export interface LateJoinersDeps {
  readonly fleet: Fleet
  readonly clock: Clock
  readonly log: Log
  readonly plan: Plan
  readonly secrets: Secrets
  readonly keep: Keep
  readonly startAtMs: number
  /** Changes of the level of the load so far. */
  readonly levels: () => readonly LevelChange[]
}

/** Brings workers that join while the run goes on to where the others are. Their share comes with the next deal. */
export class LateJoiners {
  readonly #deps: LateJoinersDeps

  constructor(deps: LateJoinersDeps) {
    this.#deps = deps
  }

  look(): void {
    const { fleet, clock, log, plan, secrets, keep, startAtMs, levels } = this.#deps
    for (const member of fleet.present.filter(({ hadShare }) => !hadShare)) {
      if (member.state === 'joined') {
        const index = fleet.present.filter(({ hadShare }) => hadShare).length
        sendPlan(member, { plan, secrets, keep, share: { index, count: index + 1 } }, clock)
      } else if (member.state === 'ready' && !member.isTold) {
        member.isTold = true
        member.advancedAtMs = clock.nowMs()
        member.send({ type: 'start', startAtMs, assignments: [], levels: levels() })
      } else if (member.failure) {
        const { id, failure } = member
        log.warn({ workerId: id }, `worker ${id} cannot take part: ${failure.message}; ${failure.hint}`)
        fleet.dismiss(member, 'it could not prepare')
      }
    }
  }
}
