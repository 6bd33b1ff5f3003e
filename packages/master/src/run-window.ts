import { allSpawnedAtMs, type LoadPlan, measuredFromMs, measuredUntilMs, type WindowEnd } from '@llmload/core'

/** The instants that a plan fixes once its start is known, all on the master's clock. */
export interface RunTimes {
  readonly startAtMs: number
  /** All users are spawned: the ramp ends. */
  readonly spawnedAtMs: number
  /** The warm-up, if there is one, is over too: the measured window opens. */
  readonly measuredFromMs: number
  /** The measured window ends; Infinity = when something else ends it. */
  readonly endAtMs: number
}

export function runTimes(load: LoadPlan, startAtMs: number): RunTimes {
  return {
    startAtMs,
    spawnedAtMs: startAtMs + allSpawnedAtMs(load),
    measuredFromMs: startAtMs + measuredFromMs(load),
    endAtMs: startAtMs + measuredUntilMs(load),
  }
}

/** How the sending of requests came to its end. */
export type SendingEnd =
  | { readonly by: 'run-time' }
  | { readonly by: 'interrupted' | 'stopped' | 'aborted' | 'worker-lost'; readonly atMs: number }
  /** All requests asked for were sent, and the last one was over. */
  | { readonly by: 'max-requests'; readonly lastOverAtMs: number }
  /** No worker was left; what they reported goes up to `reportedUntilMs`. */
  | { readonly by: 'workers-lost'; readonly reportedUntilMs: number }

export interface RunWindow {
  readonly phase: 'ramp' | 'measured'
  readonly startMs: number
  readonly endMs: number
  readonly endedBy: WindowEnd
}

/**
 * The time that the numbers of a run are about: from the end of ramp and warm-up to the end of
 * sending, or, for a run that did not get so far, from the start.
 */
export function windowOf({ startAtMs, measuredFromMs: openAtMs, endAtMs }: RunTimes, end: SendingEnd): RunWindow {
  const endMs = Math.min(endOf(end, endAtMs), endAtMs)
  const isMeasured = endMs > openAtMs || end.by === 'max-requests'
  const startMs = isMeasured ? openAtMs : startAtMs
  return { phase: isMeasured ? 'measured' : 'ramp', startMs, endMs: Math.max(endMs, startMs), endedBy: end.by }
}

function endOf(end: SendingEnd, endAtMs: number): number {
  switch (end.by) {
    case 'run-time':
      return endAtMs
    case 'interrupted':
    case 'stopped':
    case 'aborted':
    case 'worker-lost':
      return end.atMs
    case 'max-requests':
      return end.lastOverAtMs
    case 'workers-lost':
      return end.reportedUntilMs
  }
}
