import { openai } from '../src/endpoint/openai.js'
import { Timeline } from '../src/request/timeline.js'
import { type Expectation, ResponseReader } from '../src/stream/response-reader.js'

const STREAM = 'text/event-stream; charset=utf-8'
export const JSON_TYPE = 'application/json'
export const DONE = 'data: [DONE]\n\n'
export const TRUNCATED = 'truncated: the stream ended without finish_reason or [DONE]'

export const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
export const text = (piece: string | null, more: object = {}) =>
  event({ choices: [{ index: 0, text: piece, ...more }] })

/** What a server answers, a good stream unless said otherwise, and what was expected of it. */
export interface Response {
  status?: number
  contentType?: string
  location?: string
  retryAfterS?: number
  expected?: Partial<Expectation>
}

/** A reader at work: headers at 10 ms, read k at 100·(k+1) ms. */
export function reading(response: Response, reads: (string | Buffer)[]) {
  const timeline = new Timeline(0, null)
  timeline.retryAfterS = response.retryAfterS ?? null
  const expected = {
    endpoint: openai,
    stream: true,
    maxTokens: 5,
    n: 1,
    keepText: true,
    thinkTags: false,
    ...response.expected,
  }
  const reader = new ResponseReader(timeline, expected)
  reader.headers(response.status ?? 200, response.contentType ?? STREAM, 10, response.location)
  reads.forEach((read, i) => {
    reader.data(Buffer.from(read), 100 * (i + 1))
  })
  return { reader, timeline }
}

export function read(response: Response, ...reads: (string | Buffer)[]): Timeline {
  const { reader, timeline } = reading(response, reads)
  reader.end(1000)
  return timeline
}

export const failureOf = ({ failure }: Timeline) => failure && `${failure.class}: ${failure.message}`
