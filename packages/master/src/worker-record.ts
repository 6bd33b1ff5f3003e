import { countOf, type LossFacts, type WorkerRecord, type WorkerShare } from '@llmload/core'
import type { FinishedRun } from './finished-run.js'
import type { Member } from './member.js'
import type { RunWindow } from './run-window.js'

/** A worker that drained within so much of the end did not leave early: clocks of hosts differ. */
const END_TOLERANCE_MS = 1000

/** One that stops at an instant by its own clock says so no earlier than that by the master's, but for so much. */
const CLOCK_TOLERANCE_MS = 50

/** A share of the load and the time in which a worker had it, in ms after the start of the run. */
interface Span {
  readonly fromMs: number
  readonly untilMs: number
  /** Of the whole load, 0…1. */
  readonly loadShare: number
}

/** What a report says of one worker. */
export function workerRecord(member: Member, window: RunWindow, run: FinishedRun): WorkerRecord {
  const { times, ledger } = run
  const account = ledger.accountOf(member.id)
  const spans = spansOf(member, window, run)
  const lost = lossOf(member, spans, window, run)
  const inRunS = (atMs: number): number => (atMs - times.startAtMs) / 1000
  return {
    id: member.id,
    host: member.host,
    pid: member.pid,
    joinedAtS: member.joinedAtMs > times.startAtMs ? inRunS(member.joinedAtMs) : null,
    loadShare: meanShare(spans, window.startMs - times.startAtMs, window.endMs - times.startAtMs),
    shares: spans.map(({ fromMs, loadShare }) => ({ fromS: fromMs / 1000, loadShare })),
    away: member.aways.map(({ fromMs, untilMs, how }) => ({
      fromS: inRunS(fromMs),
      untilS: untilMs === null ? null : inRunS(untilMs),
      how,
    })),
    counts: account.counts[window.phase],
    lateByMs: member.lateByMs,
    clock: clockOf(member),
    deltas: account.deltas,
    missingDeltas: account.missing.size + Math.max(0, (member.drained?.lastSeq ?? 0) - account.lastSeq),
    lost,
    leftAtS: member.leaving && member.drained && !lost ? inRunS(member.drained.atMs) : null,
    tokenizer: member.ready?.tokenizer ?? null,
    warnings: member.ready?.warnings ?? [],
    health: account.health.within(window),
  }
}

/** Arrivals are dealt out in turn, and so are users. */
function shareOf(share: WorkerShare | null, { plan: { load } }: FinishedRun): number {
  if (share === null) return 0
  return load.qps === null ? countOf(share, load.users) / load.users : 1 / share.count
}

function spansOf({ assignments }: Member, { endMs }: RunWindow, run: FinishedRun): Span[] {
  const endInRunMs = endMs - run.times.startAtMs
  return assignments
    .map(({ fromMs, share }, i) => ({
      fromMs,
      untilMs: assignments[i + 1]?.fromMs ?? endInRunMs,
      loadShare: shareOf(share, run),
    }))
    .filter(({ fromMs }, i) => i === 0 || fromMs < endInRunMs)
}

/** On average over a time, in ms after the start of the run; of none, what it was at that instant. */
function meanShare(spans: readonly Span[], fromMs: number, untilMs: number): number {
  if (untilMs <= fromMs) return shareAt(spans, fromMs)
  const parts = spans.map((span) => span.loadShare * overlap(span, fromMs, untilMs))
  return parts.reduce((sum, part) => sum + part, 0) / (untilMs - fromMs)
}

const overlap = (span: Span, fromMs: number, untilMs: number): number =>
  Math.max(0, Math.min(span.untilMs, untilMs) - Math.max(span.fromMs, fromMs))

function shareAt(spans: readonly Span[], atMs: number): number {
  return (spans.findLast(({ fromMs }) => fromMs <= atMs) ?? spans[0])?.loadShare ?? 0
}

/** The drift shows when it is more than the two readings can be wrong by. */
function clockOf({ clock, firstClock }: Member): WorkerRecord['clock'] {
  if (clock === null || firstClock === null) return null
  const elapsedMs = clock.atMs - firstClock.atMs
  const apartMs = clock.reading.offsetMs - firstClock.reading.offsetMs
  const boundMs = clock.reading.errorMs + firstClock.reading.errorMs
  const driftPpm =
    elapsedMs > 0
      ? { driftPpm: (1e6 * apartMs) / elapsedMs, driftErrorPpm: (1e6 * boundMs) / elapsedMs }
      : { driftPpm: null, driftErrorPpm: null }
  return { ...clock.reading, ...driftPpm }
}

function lossOf(member: Member, spans: readonly Span[], window: RunWindow, run: FinishedRun): LossFacts | null {
  const { gone, drained } = member
  const { startAtMs } = run.times
  if (gone) return lossAt(gone.atMs, gone.how)
  if (!drained || !leftEarly(member, drained.atMs, run)) return null
  return lossAt(drained.atMs, 'left the run by itself')

  function lossAt(atMs: number, how: string): LossFacts {
    const atInRunMs = atMs - startAtMs
    const loadShare = shareAt(spans, atInRunMs)
    const takenOver = spans.find((span) => span.fromMs >= atInRunMs && span.loadShare === 0)
    const facts = { atS: atInRunMs / 1000, loadShare, how }
    if (takenOver === undefined) return { ...facts, takenOverAtS: null, missingShare: loadShare }
    const [fromMs, untilMs] = [window.startMs - startAtMs, window.endMs - startAtMs]
    const gapMs = overlap({ fromMs: atInRunMs, untilMs: takenOver.fromMs, loadShare }, fromMs, untilMs)
    const missingShare = (loadShare * gapMs) / Math.max(untilMs - fromMs, 1)
    return { ...facts, takenOverAtS: takenOver.fromMs / 1000, missingShare }
  }
}

/** Before it had sent its part, or the sending was over, and without having handed its share over. */
function leftEarly({ id, quota, leaving, assignments }: Member, drainedAtMs: number, run: FinishedRun): boolean {
  const { times, end, ledger } = run
  const last = assignments.at(-1)
  if (leaving && last?.share === null && drainedAtMs > times.startAtMs + last.fromMs - CLOCK_TOLERANCE_MS) return false
  if (ledger.accountOf(id).counts.measured.sent >= quota) return false
  const sendingEndMs = 'atMs' in end ? end.atMs : times.endAtMs
  return drainedAtMs < sendingEndMs - END_TOLERANCE_MS
}
