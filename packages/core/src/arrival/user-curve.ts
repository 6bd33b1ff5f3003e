/** From an instant on, users come or go, one after the other, until there are so many. */
export interface UserPiece {
  /** Milliseconds after the start of the run. */
  readonly fromMs: number
  readonly users: number
  /** When step `n` (from 0) of one user is due, in ms after `fromMs`; never decreasing. */
  readonly stepAtMs: (n: number) => number
}

interface Segment extends UserPiece {
  readonly from: number
}

/** How many users a run shall have, over time: none at first. */
export class UserCurve {
  #segments: readonly Segment[] = []

  /** From an instant on the level is another, until it is changed again; users come or go from what is there then. */
  change(piece: UserPiece): void {
    const from = this.at(piece.fromMs)
    this.#segments = [...this.#segments.filter(({ fromMs }) => fromMs < piece.fromMs), { ...piece, from }]
  }

  /** Users at an instant, in ms after the start. */
  at(ms: number): number {
    const segment = this.#segments.findLast(({ fromMs }) => fromMs <= ms)
    if (!segment) return 0
    const steps = stepsUntil(segment, ms)
    return segment.users >= segment.from ? segment.from + steps : segment.from - steps
  }

  /** When the number changes next after an instant, at the earliest; Infinity = it does not. */
  nextChangeMs(afterMs: number): number {
    const current = this.#segments.findLast(({ fromMs }) => fromMs <= afterMs)
    const following = this.#segments.find(({ fromMs }) => fromMs > afterMs)?.fromMs ?? Number.POSITIVE_INFINITY
    if (!current) return following
    const steps = stepsUntil(current, afterMs)
    if (steps === stepsOf(current)) return following
    return Math.min(following, current.fromMs + current.stepAtMs(steps))
  }
}

const stepsOf = ({ from, users }: Segment): number => Math.abs(users - from)

/** How many steps are due by an instant: a binary search, for the steps are in order. */
function stepsUntil(segment: Segment, ms: number): number {
  let low = 0
  let high = stepsOf(segment)
  while (low < high) {
    const middle = (low + high) >> 1
    if (segment.fromMs + segment.stepAtMs(middle) <= ms) low = middle + 1
    else high = middle
  }
  return low
}
