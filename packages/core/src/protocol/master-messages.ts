import { z } from 'zod'
import { planSchema } from '../plan-schema.js'

const finite = z.number()
const amount = z.number().min(0)
const count = z.int().min(0)
const text = z.string().max(4096)

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
    plan: planSchema,
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
