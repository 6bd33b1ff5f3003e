import type { IncomingMessage, ServerResponse } from 'node:http'
import { LoadError } from '@llmload/core'

/** No request of ours is longer than a line. */
const MAX_BODY_BYTES = 16 * 1024

/** Why a request cannot be carried out: the status and code of the answer, what is wrong, and a way out. */
export class ApiError extends Error {
  constructor(
    readonly status: 400 | 409 | 413,
    readonly code: 'BAD_REQUEST' | 'NOT_LOADING' | 'TOO_LARGE',
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

/** Answers with a value as JSON, or with why there is none: `{code, message, hint}`. */
export async function answerJson(response: ServerResponse, make: () => unknown): Promise<void> {
  try {
    sendJson(response, 200, await make())
  } catch (error) {
    if (error instanceof ApiError) {
      const { status, code, message, hint } = error
      return sendJson(response, status, { code, message, hint })
    }
    // Well said, but not possible in this run.
    if (!(error instanceof LoadError)) throw error
    const { code, message, hint } = error
    sendJson(response, 409, { code, message, hint })
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(value)}\n`)
}

/** The body of a request as JSON; an empty one is an empty object. Throws an ApiError. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) {
      throw new ApiError(
        413,
        'TOO_LARGE',
        `the body is longer than ${MAX_BODY_BYTES} bytes`,
        'send a short JSON object',
      )
    }
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString().trim()
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(400, 'BAD_REQUEST', 'the body is not JSON', 'send an object such as {"users": 200}')
  }
}
