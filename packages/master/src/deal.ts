import { type Assignment, type Clock, type Log, noticeMs } from '@llmload/core'
import type { Fleet } from './fleet.js'
import type { Member } from './member.js'

/** A connection that broke is there again by then, or somebody has to see to it. */
const BLIP_MS = 1000

/** A worker that is told the start says so then; one that does not will not. */
const START_LIMIT_MS = 10_000

export interface DealDeps {
  readonly fleet: Fleet
  readonly clock: Clock
  readonly log: Log
  /** On the master's clock. */
  readonly startAtMs: number
  /** Users over all workers, now: with fewer users than workers some have nothing to do. */
  readonly users: () => number
  /** A share has to be taken over from a worker that is lost; whether it shall be. */
  readonly onLoss: (member: Member) => boolean
}

/**
 * Deals the shares of the load anew when there are other workers than at the last time. Compares,
 * every time it is asked to, who holds a share with who should, so nothing depends on hearing of
 * each change. A new deal holds for all workers from the same instant on, far enough ahead that
 * no worker can still load by the last one then (see `noticeMs`).
 */
export class Deal {
  readonly #deps: DealDeps
  #holders: readonly Member[]
  #epoch = 0
  #fromMs = 0

  /** Begins with the shares that the members have from the start. */
  constructor(deps: DealDeps) {
    this.#deps = deps
    this.#holders = inLocustsOrder(deps.fleet.participants)
  }

  /** Looks who is there, and deals anew if need be. */
  look(): void {
    const { fleet, onLoss, users } = this.#deps
    const wanted = inLocustsOrder(fleet.members.filter((member) => this.#takesPart(member))).slice(0, users())
    if (wanted.length === 0 || sameMembers(wanted, this.#holders)) return
    const lost = this.#holders.filter((member) => !member.leaving && !wanted.includes(member) && !member.isHere)
    if (lost.some((member) => !onLoss(member))) return
    this.#deal(wanted)
  }

  /** From when on, in ms after the start of the run, everyone can be told to load in another way. */
  nextFromMs(): number {
    const { fleet, clock, startAtMs } = this.#deps
    return Math.max(clock.nowMs() - startAtMs + noticeMs(worstErrorMs(fleet.participants)), this.#fromMs)
  }

  #takesPart(member: Member): boolean {
    const nowMs = this.#deps.clock.nowMs()
    if (member.isOver || member.leaving) return false
    const isIn = member.state === 'running' || (member.state === 'ready' && this.#isToStart(member, nowMs))
    if (!isIn) return false
    const away = member.presence === 'away' ? member.aways.at(-1) : undefined
    return away === undefined || (this.#holders.includes(member) && nowMs - away.fromMs < BLIP_MS)
  }

  /** It was told the start, and has had no time yet to say that it did. */
  #isToStart(member: Member, nowMs: number): boolean {
    return this.#holders.includes(member) && nowMs < member.advancedAtMs + START_LIMIT_MS
  }

  #deal(wanted: readonly Member[]): void {
    const { fleet } = this.#deps
    const fromMs = this.nextFromMs()
    const before = this.#holders
    this.#holders = wanted
    this.#epoch++
    this.#fromMs = fromMs
    for (const member of fleet.members) {
      const index = wanted.indexOf(member)
      if (index < 0 && !before.includes(member)) continue
      const share = index < 0 ? null : { index, count: wanted.length }
      this.#give(member, { epoch: this.#epoch, fromMs, share })
    }
    this.#say(before, fromMs)
  }

  #give(member: Member, assignment: Assignment): void {
    member.assignments.push(assignment)
    if (!member.isOver) member.send({ type: 'assign', assignment })
  }

  #say(before: readonly Member[], fromMs: number): void {
    const { log, startAtMs } = this.#deps
    const from = seconds(fromMs)
    const part = `1/${this.#holders.length}`
    for (const member of before.filter((member) => !this.#holders.includes(member))) {
      const { id, aways, gone } = member
      const since = gone?.atMs ?? aways.at(-1)?.fromMs
      const others = `the others take it over from ${from} on`
      if (since === undefined) log.info({ workerId: id }, `Worker '${id}' gives up its share of the load: ${others}`)
      else {
        const when = seconds(since - startAtMs)
        log.warn(
          { workerId: id },
          `Worker '${id}' was lost ${when} into the run with 1/${before.length} of the load; ${others}`,
        )
      }
    }
    for (const { id } of this.#holders.filter((member) => !before.includes(member)))
      log.info({ workerId: id }, `Worker '${id}' takes ${part} of the load from ${from} into the run on`)
  }
}

/** As Locust spreads its users: hosts take turns. Within one, workers are in the order in which they joined. */
export function inLocustsOrder(members: readonly Member[]): Member[] {
  const onHost = new Map<string, number>()
  const ranked = members.map((member) => {
    const rank = onHost.get(member.host) ?? 0
    onHost.set(member.host, rank + 1)
    return { member, rank }
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ member }) => member)
}

/** How far the time of a worker may be from the master's, at worst: by its clock, and what that has drifted since the start. */
export function worstErrorMs(members: readonly Member[]): number {
  const errors = members.map(({ clock, firstClock }) => {
    if (clock === null || firstClock === null) return 0
    return clock.reading.errorMs + Math.abs(clock.reading.offsetMs - firstClock.reading.offsetMs)
  })
  return Math.max(0, ...errors)
}

const sameMembers = (a: readonly Member[], b: readonly Member[]): boolean =>
  a.length === b.length && a.every((member, i) => member === b[i])

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
