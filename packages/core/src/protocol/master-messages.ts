import { z } from 'zod'
import { MAX_STAGES, PROVIDERS, QPS_DISTRIBUTIONS } from '../plan.js'

const finite = z.number()
const amount = z.number().min(0)
const count = z.int().min(0)
const text = z.string().max(4096)
/** A prompt of the user's own may be long. */
const longText = z.string().max(1_000_000)

const target = z.looseObject({
  provider: z.enum(PROVIDERS),
  baseUrl: z.url({ protocol: /^https?$/ }),
  model: text,
  chat: z.boolean(),
  stream: z.boolean(),
  thinkTags: z.boolean(),
})

const sampling = z.looseObject({ temperature: finite, topK: finite.nullable(), logprobs: count.nullable(), n: count })

const workload = z.looseObject({
  promptTokens: count,
  maxTokens: count,
  instruction: longText.nullable(),
  tokenizer: text.nullable(),
})

const levels = z.looseObject({ from: amount, to: amount })

const load = z.looseObject({
  users: count,
  spawnRate: amount,
  qps: amount.nullable(),
  qpsDistribution: z.enum(QPS_DISTRIBUTIONS),
  burstiness: amount,
  burstPeriodS: amount.nullable(),
  ramping: z.looseObject({ timeS: amount, warmupS: amount }).nullable(),
  stages: z
    .array(z.looseObject({ durationS: amount, qps: levels.nullable(), users: levels.nullable() }))
    .max(MAX_STAGES),
  warmupS: amount,
  runTimeS: amount.nullable(),
  maxRequests: count.nullable(),
  stopTimeoutS: amount,
  timeoutS: amount.nullable(),
  progressTimeoutS: amount,
  tokenTimeoutS: amount.nullable(),
})

/** Loose, as versions of both sides are the same: what is not listed here is no danger, but what is missing would be. */
const plan = z.looseObject({ runId: text, seed: count, target, sampling, workload, load })

const secrets = z.strictObject({
  apiKey: text.nullable(),
  headers: z.array(z.tuple([text, text])).max(100),
})

const share = z
  .strictObject({ index: count, count: z.int().min(1) })
  .refine(({ index, count }) => index < count, 'a share that is none')

const assignment = z.strictObject({ epoch: count, fromMs: finite, share: share.nullable() })
const levelChange = z.strictObject({ fromMs: finite, qps: amount.nullable(), users: count })

/** Changes of shares and levels, each, that a worker is told at once when it joins late. */
const MAX_CHANGES = 10_000

/**
 * What a master may say. A worker obeys its master, but a master of another kind, or one that is
 * broken, shall end in a plain error.
 */
export const masterMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('welcome'), runId: text, workerId: text, key: text, graceMs: amount }),
  z.strictObject({ type: z.literal('resumed'), heard: count }),
  z.strictObject({ type: z.literal('refused'), message: text, hint: text }),
  z.strictObject({ type: z.literal('pong'), workerMs: finite, masterMs: finite }),
  z.strictObject({ type: z.literal('heartbeat'), masterMs: finite }),
  z.strictObject({ type: z.literal('ack'), seq: count, heard: count, masterMs: finite }),
  z.strictObject({ type: z.literal('heard'), last: count }),
  z.strictObject({
    type: z.literal('prepare'),
    plan,
    secrets,
    share,
    keep: z.strictObject({ requests: z.boolean(), frames: count }),
  }),
  z.strictObject({
    type: z.literal('start'),
    startAtMs: finite,
    assignments: z.array(assignment).max(MAX_CHANGES),
    levels: z.array(levelChange).max(MAX_CHANGES),
  }),
  z.strictObject({ type: z.literal('assign'), assignment }),
  z.strictObject({ type: z.literal('level'), change: levelChange }),
  z.strictObject({ type: z.literal('grant'), requests: count }),
  z.strictObject({ type: z.literal('stop'), now: z.boolean() }),
  z.strictObject({ type: z.literal('bye') }),
])
