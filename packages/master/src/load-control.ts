import {
  type Level,
  type LevelChange,
  LoadError,
  type LoadPlan,
  type Log,
  levelAt,
  MAX_QPS,
  MAX_USERS,
} from '@llmload/core'
import type { Ending } from './ending.js'
import type { Fleet } from './fleet.js'

export interface LoadControlDeps {
  readonly plan: LoadPlan
  readonly fleet: Fleet
  readonly log: Log
  readonly ending: Ending
  /** From when on everyone can be told to load in another way, in ms after the start. */
  readonly nextFromMs: () => number
  /** Whether requests are being sent, or about to be. */
  readonly isLoading: () => boolean
}

/** Changes of a load while it goes on. All workers change at the same instant, a few seconds after it was asked for. */
export class LoadControl {
  readonly #deps: LoadControlDeps
  readonly #changes: LevelChange[] = []

  constructor(deps: LoadControlDeps) {
    this.#deps = deps
  }

  /** In order, those that lie ahead included. */
  get changes(): readonly LevelChange[] {
    return this.#changes
  }

  /** What the load is asked to be now, or will be in a moment. */
  get level(): Level {
    const { plan, nextFromMs } = this.#deps
    const change = this.#changes.at(-1)
    return change ? { qps: change.qps, users: change.users } : levelAt(plan, nextFromMs())
  }

  /** Throws BAD_OPTIONS, with the reason, where that is not possible. */
  changeLevel(wanted: { readonly [part in keyof Level]?: Level[part] | undefined }): LevelChange {
    const { fleet, log, nextFromMs } = this.#deps
    const { qps = this.level.qps, users = this.level.users } = wanted
    const problem = this.#problemOf({ qps, users })
    if (problem)
      throw new LoadError('BAD_OPTIONS', `the load cannot be changed: ${problem}`, 'see what the run was started with')
    const change = { fromMs: nextFromMs(), qps, users }
    this.#changes.push(change)
    fleet.send(
      fleet.members.filter(({ isTold, isOver }) => isTold && !isOver),
      { type: 'level', change },
    )
    const rate = qps === null ? '' : ` and ${qps} requests/s`
    log.info(change, `The load changes to ${users} users${rate}, ${(change.fromMs / 1000).toFixed(1)} s into the run`)
    return change
  }

  /** Ends the sending as Ctrl-C does; `now`: as the second one does, without waiting for what is in flight. */
  stop({ now, reason }: { readonly now: boolean; readonly reason: string }): void {
    this.#deps.ending.end({ by: 'stopped', reason })
    if (now) this.#deps.ending.cancel()
  }

  #problemOf({ qps, users }: Level): string | null {
    if (!this.#deps.isLoading()) return 'no requests are being sent now'
    if (qps === null ? this.#deps.plan.qps !== null : this.#deps.plan.qps === null)
      return 'a rate can be changed only in a run that has one, and then it needs one'
    if (qps !== null && !(qps > 0 && qps <= MAX_QPS)) return `a rate is above 0 and at most ${MAX_QPS}, not ${qps}`
    if (!Number.isInteger(users) || users < 1 || users > MAX_USERS)
      return `users are a whole number from 1 to ${MAX_USERS}, not ${users}`
    return null
  }
}
