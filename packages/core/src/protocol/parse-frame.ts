import { z } from 'zod'
import { masterMessage } from './master-messages.js'
import { type MasterMessage, type WorkerMessage, workerMessage } from './messages.js'

/** What is wrong with a frame goes into logs and into the reason of a closing connection. */
const MAX_PROBLEM_CHARS = 500

const messageNumber = z.int().min(1).optional()

type Parsed<Message> = { readonly message: Message; readonly n: number | undefined } | { readonly problem: string }

/** One frame from a worker as a typed message and its number, or the reason why it is none. */
export const parseWorkerMessage = (frame: string): Parsed<WorkerMessage> => parse(workerMessage, frame)

/** One frame from the master, as above. */
export const parseMasterMessage = (frame: string): Parsed<MasterMessage> => parse(masterMessage, frame)

function parse<Message>(schema: z.ZodType<Message>, frame: string): Parsed<Message> {
  const value = parseJson(frame)
  // A text or a list would be spread into as many members as it is long.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'no JSON object' }
  const { n, ...rest }: { n?: unknown } = value
  const number = messageNumber.safeParse(n)
  if (!number.success) return { problem: 'a number that is none' }
  const parsed = schema.safeParse(rest)
  if (parsed.success) return { message: parsed.data, n: number.data }
  return {
    problem: z
      .prettifyError(parsed.error)
      .replace(/\s*\n\s*/g, ' ')
      .slice(0, MAX_PROBLEM_CHARS),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
