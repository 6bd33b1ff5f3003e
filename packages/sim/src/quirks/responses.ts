import type { ServerResponse } from 'node:http'
import { ApiError } from '../api/errors.js'
import type { Exchange } from '../server/exchange.js'
import type { Quirk } from './quirk.js'

const RETRY_AFTER_S = 7
/** A server whose clock is far behind, and a minute and a half later on it. */
const SENT = 'Thu, 01 Jan 2015 00:00:00 GMT'
const RETRY_AT = 'Thu, 01 Jan 2015 00:01:30 GMT'
const MEBIBYTE = 2 ** 20

const PAGE = '<!DOCTYPE html>\n<html><head><title>Gateway login</title></head><body>Please sign in.</body></html>\n'

const refuse = (exchange: Exchange, { status, body, headers }: ApiError) =>
  exchange.sendJson(status, JSON.stringify(body), { headers })

/** Headers in the spelling of OpenAI. */
const LIMITS = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0' }

/** What stands around a body, or in its place. */
export const RESPONSE_QUIRKS = {
  'html-page': {
    rule: 23,
    sends: 'a page of HTML under HTTP 200, like a gateway',
    answer: (exchange) => exchange.sendJson(200, PAGE, { headers: { 'content-type': 'text/html' } }),
  },
  'json-body': { rule: 23, sends: 'a whole answer where a stream was asked for', request: { stream: false } },
  'wrong-content-type': { rule: 23, sends: 'the stream as text/plain', contentType: 'text/plain' },
  'retry-after': {
    rule: 26,
    sends: `HTTP 429 with Retry-After in seconds and the headers x-ratelimit-…`,
    answer: (exchange) => {
      const headers = { 'retry-after': String(RETRY_AFTER_S), ...LIMITS }
      refuse(exchange, new ApiError(429, 'rate_limit_exceeded', 'Too many requests', null, headers))
    },
  },
  'retry-after-date': {
    rule: 26,
    sends: 'HTTP 503 with a date in Retry-After, 90 s after its own, which is that of 2015',
    answer: (exchange) => {
      const headers = { date: SENT, 'retry-after': RETRY_AT }
      refuse(exchange, new ApiError(503, 'overloaded_error', 'Overloaded', null, headers))
    },
  },
  redirect: {
    rule: 27,
    sends: 'HTTP 307 to the same path with a slash at its end, like FastAPI',
    answer: (exchange) => exchange.sendJson(307, '', { headers: { location: `${exchange.path}/` } }),
  },
  'blank-lines': {
    rule: 33,
    sends: 'blank lines before a body that is not streamed, like DeepSeek',
    blankLines: true,
  },
  'early-hints': {
    rule: 34,
    sends: 'HTTP 103 before the answer',
    open: (response) => response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }),
  },
  continue: {
    rule: 34,
    sends: 'HTTP 100 before the answer, though nobody expects it',
    open: (response) => response.writeContinue(),
  },
  trailers: {
    rule: 34,
    sends: 'trailers after the last chunk of HTTP',
    open: (response: ServerResponse) => {
      response.setHeader('trailer', 'x-served-by')
      response.addTrailers({ 'x-served-by': 'llmload' })
    },
  },
  'huge-header': {
    rule: 34,
    sends: 'a header of 1 MiB',
    open: (response) => response.setHeader('x-trace', 'x'.repeat(MEBIBYTE)),
  },
} satisfies Record<string, Quirk>
