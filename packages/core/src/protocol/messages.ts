import { z } from 'zod'
import type { WorkerShare } from '../assignment.js'
import type { Plan, Secrets } from '../plan.js'
import { requestOutcome } from '../request/request-line.js'
import { responseFrames } from '../request/response-frames.js'
import { statsData } from './stats-data.js'

/** Raised whenever a message changes its meaning; both sides must have the same. */
export const PROTOCOL_VERSION = 1

/** Largest frame either side accepts. A delta of one second stays below 100 KiB; a plan below 10 KiB. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** Both sides send something at least this often … */
export const HEARTBEAT_MS = 1000
/** … and give the other up after this much silence. Load that no master watches must stop within seconds. */
export const SILENCE_LIMIT_MS = 10_000

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
  z.strictObject({ type: z.literal('hello'), protocol: z.int(), version: text, host: text, pid: z.int() }),
  z.strictObject({ type: z.literal('ping'), workerMs: finite }),
  z.strictObject({ type: z.literal('heartbeat') }),
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
  /** Something that the person in front of the master should know, such as a download under way … */
  z.strictObject({ type: z.literal('note'), message: text }),
  /** … or a reason to doubt the run. */
  z.strictObject({ type: z.literal('warning'), message: text }),
  delta,
  requests,
  frames,
  /** Nothing is in flight any more, and delta `lastSeq` was the last. */
  z.strictObject({ type: z.literal('drained'), lastSeq: count, lastSentMs: finite.nullable(), endedMs: finite }),
])
export type WorkerMessage = z.infer<typeof workerMessage>

export type MasterMessage =
  | { readonly type: 'welcome'; readonly workerId: string }
  | { readonly type: 'refused'; readonly message: string; readonly hint: string }
  | { readonly type: 'pong'; readonly workerMs: number; readonly masterMs: number }
  | { readonly type: 'heartbeat' }
  | {
      readonly type: 'prepare'
      readonly plan: Plan
      readonly secrets: Secrets
      readonly share: WorkerShare
      readonly keep: Keep
    }
  /** Start of the run, on the master's clock. */
  | { readonly type: 'start'; readonly startAtMs: number }
  /** No new request from now on; those in flight may finish within the plan's stop timeout, or at once if `now`. */
  | { readonly type: 'stop'; readonly now: boolean }
  | { readonly type: 'ack'; readonly seq: number }
  | { readonly type: 'bye' }

/** What a worker shall say of single requests, besides the totals. */
export interface Keep {
  /** Every request, for the request log. */
  readonly requests: boolean
  /** Responses, of the slowest and of failed requests each, whose frames are wanted; 0 = none. */
  readonly frames: number
}

/** One frame from a worker as a typed message, or the reason why it is none. */
export function parseWorkerMessage(frame: string): { message: WorkerMessage } | { problem: string } {
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch {
    return { problem: 'not JSON' }
  }
  const parsed = workerMessage.safeParse(value)
  return parsed.success ? { message: parsed.data } : { problem: z.prettifyError(parsed.error) }
}
