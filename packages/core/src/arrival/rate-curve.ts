import { exactMs } from './instant.js'

/** From an instant on, a rate that moves evenly to another until the next piece begins, where it then may jump. */
export interface RatePiece {
  /** Milliseconds after the start of the run. */
  readonly fromMs: number
  /** Arrivals per second. */
  readonly qpsFrom: number
  /** At the start of the next piece. The last piece goes on for ever, at `qpsFrom`. */
  readonly qpsTo: number
}

interface Segment extends RatePiece {
  readonly untilMs: number
  /** Arrivals expected before it. */
  readonly before: number
}

/**
 * The rate of arrivals over time, piecewise linear. Arrival i of a process is where the expected
 * number of arrivals reaches the sum of its first gaps: Λ⁻¹(Γᵢ). So a change of rate keeps shape
 * and phase of the process.
 */
export class RateCurve {
  #segments: readonly Segment[]

  /** @param pieces in order of time, the first from 0 on */
  constructor(pieces: readonly RatePiece[]) {
    this.#segments = segmentsOf(pieces)
  }

  /** From an instant on the rate is another, until it is changed again. */
  change(fromMs: number, qps: number): void {
    const before = this.#segments.filter((segment) => segment.fromMs < fromMs)
    const last = before.pop()
    const cut = last ? [{ ...last, qpsTo: rateIn(last, fromMs) }] : []
    this.#segments = segmentsOf([...before, ...cut, { fromMs, qpsFrom: qps, qpsTo: qps }])
  }

  /** Arrivals per second that are asked for at an instant. */
  rateAt(ms: number): number {
    const segment = this.#segments.findLast(({ fromMs }) => fromMs <= ms)
    return segment ? rateIn(segment, ms) : 0
  }

  /** When the expected number of arrivals reaches a value; Infinity = never. In milliseconds after the start. */
  instantOf(arrivals: number): number {
    const segment = this.#segments.findLast(({ before }) => before <= arrivals) ?? this.#segments[0]
    return segment ? exactMs(segment.fromMs + elapsedMs(segment, arrivals - segment.before)) : Number.POSITIVE_INFINITY
  }
}

/** Of pieces that begin at the same instant, the last counts. */
function segmentsOf(pieces: readonly RatePiece[]): Segment[] {
  let before = 0
  const lasting = pieces.filter(({ fromMs }, i) => pieces[i + 1]?.fromMs !== fromMs)
  return lasting.map((piece, i) => {
    const untilMs = lasting[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY
    const segment = { ...piece, untilMs, before }
    if (untilMs !== Number.POSITIVE_INFINITY)
      before += ((piece.qpsFrom + piece.qpsTo) / 2) * ((untilMs - piece.fromMs) / 1000)
    return segment
  })
}

/** Per second and second. */
const slopeOf = ({ qpsFrom, qpsTo, fromMs, untilMs }: Segment): number =>
  untilMs === Number.POSITIVE_INFINITY ? 0 : ((qpsTo - qpsFrom) / (untilMs - fromMs)) * 1000

const rateIn = (segment: Segment, ms: number): number =>
  segment.qpsFrom + (slopeOf(segment) * (Math.min(ms, segment.untilMs) - segment.fromMs)) / 1000

/** The time in a segment until its integral, q·t + s·t²/2, reaches `arrivals`: written so that a slope near 0 loses no digits. */
function elapsedMs(segment: Segment, arrivals: number): number {
  if (arrivals <= 0) return 0
  const { qpsFrom } = segment
  const root = Math.sqrt(Math.max(0, qpsFrom ** 2 + 2 * slopeOf(segment) * arrivals))
  return ((2 * arrivals) / (qpsFrom + root)) * 1000
}
