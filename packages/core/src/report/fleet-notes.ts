import type { ReportedWorker, RunReport } from './run-report.js'

/** So late a start shows in nothing but the first second. */
const LATE_MS = 100

/** What became of the workers, and what was changed while the load went on: a sentence each, in the order of time. */
export function fleetNotes({ workers, changes }: Pick<RunReport, 'workers' | 'changes'>): string[] {
  const events = [...workers.flatMap(eventsOf), ...changes.map(changeOf)]
  return events.sort((a, b) => a.atS - b.atS).map(({ text }) => text)
}

/** Worse, and its seconds are not those of the others in a series over time. */
const UNSURE_CLOCK_MS = 50

interface Event {
  readonly atS: number
  readonly text: string
}

function eventsOf({ id, joinedAtS, lateByMs, clock, shares, away, lost, leftAtS }: ReportedWorker): Event[] {
  const events: Event[] = []
  const say = (atS: number, text: string): void => void events.push({ atS, text: `worker '${id}' ${text}` })
  const firstS = shares[0]?.fromS ?? 0
  if (joinedAtS !== null)
    say(joinedAtS, `joined ${seconds(joinedAtS)} into the run and took load from ${seconds(firstS)} on`)
  if ((lateByMs ?? 0) > LATE_MS) say(0, `started ${seconds((lateByMs ?? 0) / 1000)} late`)
  const errorMs = clock?.errorMs ?? 0
  if (errorMs > UNSURE_CLOCK_MS) say(0, `has a clock that is known to ± ${Math.round(errorMs)} ms only`)
  for (const { fromS, untilS } of away) {
    if (untilS !== null)
      say(
        fromS,
        `could not be reached for ${seconds(untilS - fromS)}, ${seconds(fromS)} into the run${changesOf(shares, fromS, untilS)}`,
      )
  }
  if (lost) say(lost.atS, lossOf(lost))
  if (leftAtS !== null) say(leftAtS, `left ${seconds(leftAtS)} into the run, its share handed over`)
  return events
}

/** Whether its share was with others because of an absence. */
function changesOf(shares: ReportedWorker['shares'], fromS: number, untilS: number): string {
  const taken = shares.find((share) => share.loadShare === 0 && share.fromS >= fromS)
  const given = shares.find((share) => share.loadShare > 0 && share.fromS >= untilS)
  if (taken === undefined || (given !== undefined && given.fromS < taken.fromS)) return ''
  const back = given === undefined ? '' : ` to ${seconds(given.fromS)}`
  return `; the others did its part from ${seconds(taken.fromS)}${back}`
}

function lossOf({ atS, loadShare, takenOverAtS }: NonNullable<ReportedWorker['lost']>): string {
  const what = `was lost ${seconds(atS)} into the run with ${fraction(loadShare)} of the load`
  return takenOverAtS === null
    ? `${what}; nobody took it over`
    : `${what}; the others took it over from ${seconds(takenOverAtS)}`
}

function changeOf({ atS, qps, users }: RunReport['changes'][number]): Event {
  const rate = qps === null ? '' : ` and ${qps} requests/s`
  return { atS, text: `the load was changed to ${users} users${rate}, ${seconds(atS)} into the run` }
}

/** 1/3 where the share is one of equal parts. */
function fraction(share: number): string {
  const parts = share > 0 ? 1 / share : Number.NaN
  return Math.abs(parts - Math.round(parts)) < 1e-9 ? `1/${Math.round(parts)}` : `${(100 * share).toFixed(1)} %`
}

const seconds = (s: number): string => `${s.toFixed(1)} s`
