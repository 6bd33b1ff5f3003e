/**
 * The limits of the verdict, each with its reason. A check observes a number; above `invalid` the run
 * is INVALID, above `suspect` it is SUSPECT. Shares are 0…1.
 */
export interface Limit {
  /** Null = there is no middle: it is fine, or it is INVALID. */
  readonly suspect: number | null
  /** Null = never worse than SUSPECT. */
  readonly invalid: number | null
  readonly unit: 'share' | 'ms' | 'count'
  /** Why the limit stands where it stands. */
  readonly why: string
  /** What the reader of a report can do about it. */
  readonly hint: string
}

/**
 * Delays of the client below this are not held against a run: timers of a healthy Node process are
 * up to 3 ms late at the 99th percentile, and its idle event loop reads up to 4 ms where other
 * processes use the machine too.
 */
export const CLIENT_DELAY_TOLERANCE_MS = 5

/** Event-loop utilisation above which the error of time stamps leaves the low milliseconds … */
export const BUSY_ELU = 0.8
/** … and above which it is tens of milliseconds. Measured knee: between 0.8 and 0.95. */
export const SATURATED_ELU = 0.9
/** An event loop that is so much busier than its process has CPU time is kept from running. */
export const STOLEN_CPU = 0.2

/** Share of bad seconds that a run may have: one in twenty is the odd hiccup that every host has. */
export const BAD_SECONDS = 0.05

export const LIMITS = {
  worker_lost: {
    suspect: null,
    invalid: 0,
    unit: 'share',
    why: 'From the loss on, less load than planned was offered: rates and latencies are those of another run.',
    hint: 'look at the log of the worker, then repeat the run',
  },
  late_start: {
    suspect: null,
    invalid: 100,
    unit: 'ms',
    why: 'All workers are told the start at least 300 ms ahead; one that misses it by so much has no time for the load either.',
    hint: 'use a quieter host for this worker, or fewer workers per host',
  },
  delta_gap: {
    suspect: null,
    invalid: 0,
    unit: 'count',
    why: 'Results of a second are missing from the totals.',
    hint: 'repeat the run; if it happens again, look at the network between worker and master',
  },
  load_missed: {
    suspect: 0.005,
    invalid: 0.01,
    unit: 'share',
    why: 'Arrivals that were due but never sent: the offered rate is not the one asked for.',
    hint: 'raise --users, or lower --qps',
  },
  late_arrivals: {
    suspect: 0.01,
    invalid: null,
    unit: 'share',
    why: 'Arrivals that waited for a free user: the shape of the load follows the server. Latencies from the schedule stay right.',
    hint: 'raise --users so that every arrival finds a free one, or lower --qps',
  },
  schedule_lag: {
    suspect: 0.05,
    invalid: 0.2,
    unit: 'share',
    why: 'Lag of the schedule at its 99th percentile against the median latency: requests came later than asked for.',
    hint: 'if users were missing raise --users, else add workers (--processes) or use a quieter host',
  },
  loop_delay: {
    suspect: 0.05,
    invalid: null,
    unit: 'share',
    why: 'The delay of the event loop is the error of its time stamps: in its bad seconds it was not small against what they measure.',
    hint: 'add workers (--processes), or use a quieter host',
  },
  loop_delay_lasting: {
    suspect: null,
    invalid: 0.25,
    unit: 'share',
    why: 'Even in an ordinary second the error of time stamps was a quarter of what they measure.',
    hint: 'add workers (--processes), or use a quieter host',
  },
  event_loop_busy: {
    suspect: BAD_SECONDS,
    invalid: null,
    unit: 'share',
    why: `Above a utilisation of ${BUSY_ELU} time stamps of streams begin to be late.`,
    hint: 'add workers (--processes), or lower the load',
  },
  event_loop_saturated: {
    suspect: null,
    invalid: 0.1,
    unit: 'share',
    why: `Above a utilisation of ${SATURATED_ELU} time stamps are late by tens of milliseconds: the client was the bottleneck.`,
    hint: 'add workers (--processes) or hosts, or lower the load',
  },
  cpu_stolen: {
    suspect: BAD_SECONDS,
    invalid: null,
    unit: 'share',
    why: `The event loop was busy for ${STOLEN_CPU} of a second longer than the process had CPU time: something else had the core.`,
    hint: 'raise the CPU limit of the worker, or keep other programs off its host',
  },
  censored: {
    suspect: 0,
    invalid: 0.01,
    unit: 'share',
    why: 'Requests cut off at the end are the slow ones. Above 1 % the 99th percentile is only a lower bound.',
    hint: 'raise --stop-timeout so that requests in flight can finish',
  },
} as const satisfies Record<string, Limit>

export type ReasonCode = keyof typeof LIMITS
