import { z } from 'zod'
import type { Assignment, LevelChange, WorkerShare } from '../assignment.js'
import { MAX_STAGES, type Plan, type Secrets } from '../plan.js'
import { requestOutcome } from '../request/request-line.js'
import { responseFrames } from '../request/response-frames.js'
import { statsData } from './stats-data.js'

/** Raised whenever a message changes its meaning; both sides must have the same. */
export const PROTOCOL_VERSION = 2

/** Largest frame either side accepts. A delta of one second stays below 100 KiB; a plan below 10 KiB. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

const finite = z.number()
const count = z.int().min(0)
const text = z.string().max(4096)

/** How the worker itself fares, over the second of a delta. */
const workerHealth = z.strictObject({
  /** Event-loop utilisation, 0…1. */
  elu: finite,
  /** How late an event was seen that came at a random moment, on average. */
  stampDelayMs: finite,
  /** 99th percentile of the event loop's delay. */
  loopDelayP99Ms: finite,
  /** Longest delay: a process that was stopped or kept from running for a while shows here. */
  loopDelayMaxMs: finite,
  /** Time in garbage collection. */
  gcMs: finite,
  gcMaxMs: finite,
  /** CPU used by the process, in cores. */
  cpuCores: finite,
  /** Time for which the CPU quota of its control group was used up; null = it has none. */
  throttledMs: finite.nullable(),
  /** Part of the host's CPU time that its hypervisor gave to others, 0…1; null = not known. */
  stealShare: finite.nullable(),
  rssBytes: finite,
  /** What it may use: of its control group, or the memory of the host. */
  memoryLimitBytes: finite,
})
export type WorkerHealth = z.infer<typeof workerHealth>

const clockReading = z.strictObject({
  /** Master clock minus worker clock. */
  offsetMs: finite,
  /** Half of the smallest round trip: the offset is within ± this. */
  errorMs: finite,
})
export type ClockReading = z.infer<typeof clockReading>

/** What a worker shows to go on where its last connection ended. */
const resumption = z.strictObject({
  runId: text,
  workerId: text,
  /** As in its `welcome`. */
  key: text,
  /** The last number of the master that it has heard. */
  heard: count,
})
export type Resumption = z.infer<typeof resumption>

const delta = z.strictObject({
  type: z.literal('delta'),
  /** 1, 2, 3, … without gaps; a number seen before changes nothing. */
  seq: z.int().min(1),
  /** End of the time that the delta covers, on the master's clock. */
  untilMs: finite,
  /** Requests of ramp and warm-up. */
  ramp: statsData.nullable(),
  /** Requests of the measured window. */
  measured: statsData.nullable(),
  /** The same once more, of each stage of the plan for itself. */
  stages: z.array(statsData.nullable()).max(MAX_STAGES),
  users: count,
  inFlight: count,
  health: workerHealth,
})
export type Delta = z.infer<typeof delta>

/** Requests that one `requests` message holds at most. */
export const MAX_REQUESTS_PER_MESSAGE = 500

/** Requests that are over, for the request log. Sent before the delta that counts them. */
const requests = z.strictObject({
  type: z.literal('requests'),
  /** 1, 2, 3, … without gaps: a message that is missing ends the connection. */
  seq: z.int().min(1),
  /** Number of the delta that counts these requests. */
  delta: z.int().min(1),
  requests: z.array(requestOutcome).max(MAX_REQUESTS_PER_MESSAGE),
  /** Requests that this delta counts, but that were left out because the log could not keep up. */
  dropped: count,
})
export type RequestBatch = z.infer<typeof requests>

/** The frames of one response that is worth a look. */
const frames = z.strictObject({ type: z.literal('frames'), frames: responseFrames })

export const workerMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.int(),
    version: text,
    host: text,
    pid: z.int(),
    /** Of a worker that has been here before. */
    resume: resumption.optional(),
  }),
  z.strictObject({ type: z.literal('ping'), workerMs: finite }),
  z.strictObject({ type: z.literal('heartbeat') }),
  /** All up to number `last` has arrived. */
  z.strictObject({ type: z.literal('heard'), last: count }),
  z.strictObject({ type: z.literal('preparing'), done: count, total: count }),
  z.strictObject({
    type: z.literal('ready'),
    clock: clockReading,
    /** How prompt lengths were fitted, in words. */
    tokenizer: text,
    warnings: z.array(text).max(100),
  }),
  z.strictObject({ type: z.literal('failed'), code: text, message: text, hint: text }),
  z.strictObject({ type: z.literal('started'), lateByMs: finite }),
  /** Its clock, measured again. */
  z.strictObject({ type: z.literal('clock'), clock: clockReading }),
  /** Something that the person in front of the master should know, such as a download under way … */
  z.strictObject({ type: z.literal('note'), message: text }),
  /** … or a reason to doubt the run. */
  z.strictObject({ type: z.literal('warning'), message: text }),
  delta,
  requests,
  frames,
  /** It was told to go: its share is for others as soon as may be, and it goes on until then. */
  z.strictObject({ type: z.literal('leaving') }),
  /** Nothing is in flight any more, and delta `lastSeq` was the last. */
  z.strictObject({ type: z.literal('drained'), lastSeq: count, lastSentMs: finite.nullable(), endedMs: finite }),
])
export type WorkerMessage = z.infer<typeof workerMessage>

/** What must arrive, once and in order, over however many connections; all else may get lost with one. */
const NUMBERED: readonly (WorkerMessage | MasterMessage)['type'][] = [
  ...(['ready', 'failed', 'started', 'delta', 'requests', 'frames', 'leaving', 'drained'] as const),
  ...(['prepare', 'start', 'assign', 'level', 'grant', 'stop', 'bye'] as const),
]

export const mustArrive = ({ type }: WorkerMessage | MasterMessage): boolean => NUMBERED.includes(type)

/** The time at the master when it said so: a worker may load for `LEASE_MS` from then. */
interface MasterTime {
  readonly masterMs: number
}

export type MasterMessage =
  | {
      readonly type: 'welcome'
      readonly runId: string
      readonly workerId: string
      /** Secret of the two: whoever has it is this worker. */
      readonly key: string
      /** So long after its connection is lost the worker may come back. */
      readonly graceMs: number
    }
  /** The worker is known; `heard` is the last of its numbers that has arrived. */
  | { readonly type: 'resumed'; readonly heard: number }
  | { readonly type: 'refused'; readonly message: string; readonly hint: string }
  | ({ readonly type: 'pong'; readonly workerMs: number } & MasterTime)
  | ({ readonly type: 'heartbeat' } & MasterTime)
  /** Delta `seq` is added up, and all up to number `heard` has arrived. */
  | ({ readonly type: 'ack'; readonly seq: number; readonly heard: number } & MasterTime)
  | { readonly type: 'heard'; readonly last: number }
  | {
      readonly type: 'prepare'
      readonly plan: Plan
      readonly secrets: Secrets
      /** What its share will be, as far as can be said now. */
      readonly share: WorkerShare
      readonly keep: Keep
    }
  | {
      readonly type: 'start'
      /** Start of the run on the master's clock; it may lie behind. */
      readonly startAtMs: number
      /** Shares known by now; none yet for a worker that joins while the run goes on. */
      readonly assignments: readonly Assignment[]
      readonly levels: readonly LevelChange[]
    }
  | { readonly type: 'assign'; readonly assignment: Assignment }
  | { readonly type: 'level'; readonly change: LevelChange }
  /** So many requests of `--max-requests` more: another worker did not come to send them. */
  | { readonly type: 'grant'; readonly requests: number }
  /** No new request from now on; those in flight may finish within the plan's stop timeout, or at once if `now`. */
  | { readonly type: 'stop'; readonly now: boolean }
  | { readonly type: 'bye' }

/** What a worker shall say of single requests, besides the totals. */
export interface Keep {
  /** Every request, for the request log. */
  readonly requests: boolean
  /** Responses, of the slowest and of failed requests each, whose frames are wanted; 0 = none. */
  readonly frames: number
}
