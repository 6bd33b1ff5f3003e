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
 * A mean delay of time stamps below this is not held against a run. Measured on a host with two CPUs:
 * 0.01–0.05 ms when quiet, 0.5–3 ms when other programs want three times the CPUs that it has.
 */
export const STAMP_TOLERANCE_MS = 3
/**
 * A 99th percentile of the event loop's delay below this is not held against a run either. Measured on such a host:
 * 0.6 ms when quiet, 0.6 to 4.7 in light runs beside other programs, 6 to 8 where its hypervisor took 6 to 10 % of its
 * time besides. At 4.3, with 700 streams, the 99th percentile of TTFT was 76 ms for true 59.
 */
export const STAMP_P99_TOLERANCE_MS = 4
/** One request in twenty that is sent so late does not change the load: a shared host does it too. */
export const LAG_P95_TOLERANCE_MS = 30
/** Timers of a healthy Node process are up to 3 ms late, and a little more where others use the host too. */
export const LAG_P75_TOLERANCE_MS = 5

/** Event-loop utilisation above which the error of time stamps leaves the low milliseconds … */
export const BUSY_ELU = 0.8
/** … and above which it is tens of milliseconds. Measured knee: between 0.8 and 0.95. */
export const SATURATED_ELU = 0.9
/** An event loop that is so much busier than its process has CPU time is kept from running. */
export const STOLEN_CPU = 0.2

/**
 * A delay of the event loop that is more than the grain of a shared host: every stamp that fell into
 * it is late, up to all of it. Hosts under other load reach some tens of milliseconds now and then.
 */
export const STALL_MS = 200
/** Time per second for which a used-up CPU quota keeps a worker from running, above which the second is a bad one. */
export const THROTTLED_MS = 50
/** Part of its CPU time that a virtual machine may lose to others in a second before the second is a bad one. */
export const STOLEN_BY_HOST = 0.1

/**
 * Share of bad seconds that a run may have: one in twenty is the odd hiccup that every host has. A
 * single bad second is always forgiven, however short the run.
 */
export const BAD_SECONDS = 0.05

export const LIMITS = {
  worker_lost: {
    suspect: 0,
    invalid: 0.01,
    unit: 'share',
    why: 'From the loss until others took its share over, less load than planned was offered; what came of its last requests is not known.',
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
    invalid: null,
    unit: 'share',
    why:
      'Lag of the schedule at its 95th percentile against the median latency: one request in twenty came later than asked for. ' +
      `A lag below ${LAG_P95_TOLERANCE_MS} ms is tolerated.`,
    hint: 'if users were missing raise --users, else add workers (--processes) or use a quieter host',
  },
  schedule_lag_lasting: {
    suspect: null,
    invalid: 0.2,
    unit: 'share',
    why: `One arrival in four came late by a fifth of the median latency: the load had another shape than the one asked for. A hiccup of a second does not reach that, and a lag below ${LAG_P75_TOLERANCE_MS} ms is tolerated.`,
    hint: 'if users were missing raise --users, else add workers (--processes) or use a quieter host',
  },
  stalls: {
    suspect: 0.001,
    invalid: 0.25,
    unit: 'share',
    why: `Time in which the worker did not run for ${STALL_MS} ms or more. What arrived meanwhile was stamped when it ran again, so above 0.1 % of the window the highest percentiles may be of its own making, and above a quarter all of them are.`,
    hint: 'see that nothing stops the process or its machine: other programs, a debugger, a snapshot, a laptop lid',
  },
  loop_delay: {
    suspect: 0.05,
    invalid: 0.25,
    unit: 'share',
    why:
      'The mean delay of time stamps, that of the event loop, against the finest median that they measure: above 5 % it shows in the results, above 25 % it is a good part of them. ' +
      `A mean below ${STAMP_TOLERANCE_MS} ms is tolerated.`,
    hint: 'add workers (--processes), or use a quieter host',
  },
  loop_delay_tail: {
    suspect: 0.05,
    invalid: null,
    unit: 'share',
    why:
      'The delay of the event loop at its 99th percentile against that of TTFT, or of E2E where nothing is streamed. What is read in one turn waits for one another too, so that stamps are up to three times as late: above 5 % a good part of the highest percentiles is not the server’s. ' +
      `A delay below ${STAMP_P99_TOLERANCE_MS} ms is tolerated.`,
    hint: 'add workers (--processes) or use a quieter host; medians are less touched',
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
  cpu_throttled: {
    suspect: BAD_SECONDS,
    invalid: 0.5,
    unit: 'share',
    why: `The CPU quota of the worker’s control group was used up for more than ${THROTTLED_MS} ms of a second: until the next period nothing runs, whatever arrives.`,
    hint: 'raise the CPU limit of the container or control group, or add workers on other hosts',
  },
  cpu_steal: {
    suspect: BAD_SECONDS,
    invalid: null,
    unit: 'share',
    why: `The hypervisor gave more than ${STOLEN_BY_HOST * 100} % of the machine’s CPU time to others: pauses that no program of the machine can see.`,
    hint: 'use a machine with dedicated CPUs, or another host',
  },
  garbage_collection: {
    suspect: 0.1,
    invalid: null,
    unit: 'share',
    why: 'Nothing is read or stamped during garbage collection; a tenth of the time is many times what a stream needs.',
    hint: 'add workers (--processes), or give their young generation more room: NODE_OPTIONS=--max-semi-space-size=64',
  },
  memory: {
    suspect: 0.8,
    invalid: 0.95,
    unit: 'share',
    why: 'Memory against its limit (of the control group, else of the host): above 80 % collection and paging begin to cost time, and near the limit the worker is about to be killed.',
    hint: 'raise the memory limit, lower --users, or spread the load over more hosts',
  },
  client_errors: {
    suspect: 0,
    invalid: 0.01,
    unit: 'share',
    why: 'Requests that this side could not send: no file handle, port or buffer was left. They say nothing about the server, and above 1 % they shape the load.',
    hint: 'raise ulimit -n, widen net.ipv4.ip_local_port_range, lower --users, or add hosts',
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
