import { z } from 'zod'
import { MAX_STAGES, type Plan, PROVIDERS, QPS_DISTRIBUTIONS } from './plan.js'

const amount = z.number().min(0)
const count = z.int().min(0)
const text = z.string().max(4096)
/** A prompt of the user's own may be long. */
const longText = z.string().max(1_000_000)
const levels = z.strictObject({ from: amount, to: amount })

/** A plan as it comes from elsewhere, from a master or a file: what a report says it is, and what a worker takes. */
export const planSchema = z.strictObject({
  runId: text,
  seed: count,
  target: z.strictObject({
    provider: z.enum(PROVIDERS),
    baseUrl: z.url({ protocol: /^https?$/ }),
    model: text,
    chat: z.boolean(),
    stream: z.boolean(),
    thinkTags: z.boolean(),
  }),
  sampling: z.strictObject({
    temperature: z.number(),
    topK: z.number().nullable(),
    logprobs: count.nullable(),
    n: count,
  }),
  workload: z.strictObject({
    promptTokens: count,
    maxTokens: count,
    instruction: longText.nullable(),
    tokenizer: text.nullable(),
  }),
  load: z.strictObject({
    users: count,
    spawnRate: amount,
    qps: amount.nullable(),
    qpsDistribution: z.enum(QPS_DISTRIBUTIONS),
    burstiness: amount,
    burstPeriodS: amount.nullable(),
    ramping: z.strictObject({ timeS: amount, warmupS: amount }).nullable(),
    stages: z
      .array(z.strictObject({ durationS: amount, qps: levels.nullable(), users: levels.nullable() }))
      .max(MAX_STAGES)
      .readonly(),
    warmupS: amount,
    runTimeS: amount.nullable(),
    maxRequests: count.nullable(),
    stopTimeoutS: amount,
    timeoutS: amount.nullable(),
    progressTimeoutS: amount,
    tokenTimeoutS: amount.nullable(),
  }),
}) satisfies z.ZodType<Plan>
