import type { Levels } from '../plan.js'

/** So many users are asked for from an instant on, until the next piece. */
export interface UserPiece {
  /** Milliseconds after the start of the run. */
  readonly fromMs: number
  /** At this instant, and after the last step. */
  readonly levels: Levels
  /** When step `n` (from 0) of one user from the first level to the second is due, in ms after `fromMs`; never decreasing. */
  readonly stepAtMs: (n: number) => number
  /** Where there are fewer than the first level: when the one `n` (from 0) of those that lack comes, likewise. */
  readonly spawnAtMs: (n: number) => number
}

interface Segment extends UserPiece {
  /** Users at its instant, before any comes or goes. */
  readonly before: number
}

/** How many users a run shall have, over time: none at first. More of them come by and by, fewer are there at once. */
export class UserCurve {
  #segments: readonly Segment[] = []

  /** From an instant on the level is another, until it is changed again. */
  change(piece: UserPiece): void {
    const before = this.at(piece.fromMs)
    this.#segments = [...this.#segments.filter(({ fromMs }) => fromMs < piece.fromMs), { ...piece, before }]
  }

  /** Users at an instant, in ms after the start. */
  at(ms: number): number {
    const segment = this.#segments.findLast(({ fromMs }) => fromMs <= ms)
    if (!segment) return 0
    const { fromMs, levels, before } = segment
    const steps = stepsUntil(stepsOf(segment), segment.stepAtMs, ms - fromMs)
    const wanted = levels.from + Math.sign(levels.to - levels.from) * steps
    const there = before + stepsUntil(lackOf(segment), segment.spawnAtMs, ms - fromMs)
    return there < levels.from ? Math.min(there, wanted) : wanted
  }

  /** When the number changes next after an instant, at the earliest; Infinity = it does not. */
  nextChangeMs(afterMs: number): number {
    const current = this.#segments.findLast(({ fromMs }) => fromMs <= afterMs)
    const following = this.#segments.find(({ fromMs }) => fromMs > afterMs)?.fromMs ?? Number.POSITIVE_INFINITY
    if (!current) return following
    const sinceMs = afterMs - current.fromMs
    const step = nextStepMs(stepsOf(current), current.stepAtMs, sinceMs)
    const spawn = nextStepMs(lackOf(current), current.spawnAtMs, sinceMs)
    return Math.min(following, current.fromMs + Math.min(step, spawn))
  }
}

const stepsOf = ({ levels }: Segment): number => Math.abs(levels.to - levels.from)

const lackOf = ({ levels, before }: Segment): number => Math.max(0, levels.from - before)

/** How many of `count` steps are due by an instant: a binary search, for the steps are in order. */
function stepsUntil(count: number, stepAtMs: (n: number) => number, ms: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (stepAtMs(middle) <= ms) low = middle + 1
    else high = middle
  }
  return low
}

function nextStepMs(count: number, stepAtMs: (n: number) => number, afterMs: number): number {
  const done = stepsUntil(count, stepAtMs, afterMs)
  return done === count ? Number.POSITIVE_INFINITY : stepAtMs(done)
}
