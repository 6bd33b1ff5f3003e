import { z } from 'zod'
import { FAILURE_CLASSES } from './failure.js'
import { REQUEST_PHASES } from './request-line.js'

/** Of one response at most so many bytes are kept … */
export const MAX_FRAME_CAPTURE_BYTES = 64 * 1024
/** … and so many reads. */
export const MAX_FRAME_READS = 4096

const count = z.int().min(0)

const read = z.strictObject({
  atMs: z.number().describe('When it was read, in milliseconds since the start of the run'),
  bytes: count.describe('Bytes that it brought'),
  text: z.string().optional().describe('The bytes, where they are UTF-8'),
  base64: z.string().optional().describe('The bytes, where they are not, as where a character was split'),
})
export type ResponseRead = z.infer<typeof read>

/** What a worker says of one response whose frames were kept. */
export const responseFrames = z.strictObject({
  index: count.describe('As in the request log'),
  phase: z.enum(REQUEST_PHASES),
  why: z.enum(['slowest', 'failed']),
  status: count,
  latencyMs: z.number().describe('From sending to the end'),
  failure: z.enum(FAILURE_CLASSES).nullable(),
  failureMessage: z.string().max(4096).nullable(),
  cut: z.boolean().describe('More was received than is kept: later reads have no text, or are left out'),
  reads: z
    .array(read)
    .max(MAX_FRAME_READS)
    .describe('Each with `atMs` (milliseconds since the start of the run), `bytes` (how many) and `text` or `base64`'),
})
export type ResponseFrames = z.infer<typeof responseFrames>

/** One line of a frames file. */
export const framesLine = z.strictObject({
  type: z.literal('frames'),
  worker: z.string(),
  ...responseFrames.shape,
})
export type FramesLine = z.infer<typeof framesLine>
