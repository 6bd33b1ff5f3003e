import type { Answer, AnswerWish, Endpoint } from '../endpoint/endpoint.js'
import { parseObject } from '../endpoint/json.js'
import { quote, serverWords } from '../endpoint/server-words.js'
import type { Failure, FailureClass } from '../request/failure.js'
import type { Timeline } from '../request/timeline.js'
import { type BodyParser, NdjsonParser, WholeBody } from './body-parser.js'
import { MAX_EVENT_BYTES } from './line-splitter.js'
import { type EventSink, SseParser } from './sse-parser.js'

/** Of an error page only so much is kept: the words that count stand at its begin. */
const MAX_ERROR_BODY_BYTES = 64 * 1024

/** Longest quotation of an event that cannot be read. */
const MAX_EVENT_QUOTE_CHARS = 80

/** Share of the chunks that must come in one read, and how many chunks there must be, to call an answer not streamed. */
const NOT_STREAMED = { share: 0.9, minChunks: 10 }

/** A server that refuses with this one, or with 503 and the time after which to come again, sheds load. */
const TOO_MANY_REQUESTS = 429

/** So far into a body its first byte that is not white space is looked for. */
const MAX_BLANK_BYTES = 1024

const NOTHING = Buffer.alloc(0)

/** Takes what follows a failure after which nothing can be read. */
const IGNORE: BodyParser = { push: () => true, finish: () => {} }

/** What the request asked for, as far as reading its answer depends on it. */
export interface Expectation extends AnswerWish {
  readonly endpoint: Endpoint
  readonly stream: boolean
  readonly maxTokens: number
  /** Answers asked for in one request. */
  readonly n: number
}

/**
 * Turns one response, told as it arrives, into a finished timeline: marks, counts, and a failure if
 * it is one. Times are the caller's, one per read of the socket. The caller tells `headers`, then
 * `data` as often as there is some, then exactly one of `end`, `fail` and `cancel`.
 */
export class ResponseReader implements EventSink {
  readonly #timeline: Timeline
  readonly #expected: Expectation
  readonly #answer: Answer
  #contentType = ''
  #parser: BodyParser | null = null
  /** White space at the begin of the body, until something else tells how to read it. */
  #blank = NOTHING
  /** How the body is read, once that is known. */
  #format: Format | null = null
  #nowMs = Number.NaN
  /** Which marks are made: a mark itself lies in memory that a read would have to fetch. */
  #hasByte = false
  #hasEvent = false
  #isDone = false
  /** Nothing more arrives: what is unfinished now stays so. */
  #over = false

  constructor(timeline: Timeline, expected: Expectation) {
    this.#timeline = timeline
    this.#expected = expected
    this.#answer = expected.endpoint.answer(timeline, expected)
  }

  /** Status and headers are there. `location` is where a redirect points to; it is named, not followed. */
  headers(status: number, contentType: string, nowMs: number, location: string | null = null): void {
    this.#timeline.status = status
    this.#timeline.headersMs = nowMs
    this.#contentType = contentType
    if (status >= 200 && status < 300) return
    this.#format = 'refusal'
    this.#parser = new WholeBody((body) => this.#refused(status, location, body), MAX_ERROR_BODY_BYTES)
  }

  /** A read brought bytes of the body, `bytes[start, end)`. They are only read during the call. */
  data(bytes: Buffer, nowMs: number, start = 0, end = bytes.length): void {
    const timeline = this.#timeline
    if (start === end) return
    timeline.tap?.data(bytes, nowMs, start, end)
    timeline.bodyBytes += end - start
    if (!this.#hasByte) timeline.firstByteMs = nowMs
    this.#hasByte = true
    this.#nowMs = nowMs
    this.#parser ??= this.#open(bytes, start, end)
    if (
      this.#parser === null ||
      this.#parser.push(bytes, start, end) ||
      this.#format === 'refusal' ||
      this.#format === 'html'
    )
      return
    this.#fail('parse', `answer has a piece larger than ${MAX_EVENT_BYTES / 1024 ** 2} MiB`)
    this.#parser = IGNORE
  }

  /** The body is complete. */
  end(nowMs: number): void {
    this.#over = true
    this.#finish()
    this.#judge()
    this.#settle(nowMs)
  }

  /**
   * The connection failed or took too long. It makes the request fail, unless the server had
   * refused it before, told of an error, or said [DONE], after which nothing of worth can be lost.
   */
  fail(failure: Failure, nowMs: number): void {
    this.#breakOff()
    if (this.#isDone) this.#judge()
    else this.#timeline.failure ??= failure
    this.#settle(nowMs)
  }

  /** We cut it off at the end of the run. Only what was still open is censored. */
  cancel(nowMs: number): void {
    this.#breakOff()
    if (this.#isDone) this.#judge()
    else this.#timeline.censored = this.#timeline.failure === null
    this.#settle(nowMs)
  }

  /** Null as long as only white space has come: a server may send it ahead, to show that it has not forgotten. */
  #open(bytes: Buffer, start: number, end: number): BodyParser | null {
    const room = MAX_BLANK_BYTES - this.#blank.length
    const first = firstByteOf(bytes, start, Math.min(end, start + room))
    if (first === '' && end - start < room) {
      this.#blank = Buffer.concat([this.#blank, bytes.subarray(start, end)])
      return null
    }
    const parser = this.#parserFor(first)
    parser.push(this.#blank, 0, this.#blank.length)
    return parser
  }

  #finish(): void {
    if (this.#parser === null && this.#blank.length > 0) {
      this.#parser = this.#parserFor('')
      this.#parser.push(this.#blank, 0, this.#blank.length)
    }
    this.#parser?.finish()
  }

  #parserFor(firstByte: string): BodyParser {
    this.#format = formatOf(this.#contentType, firstByte, this.#expected.stream)
    // A part of the head's text, all of which it would keep in memory for as long as the stream lasts.
    this.#contentType = ''
    switch (this.#format) {
      case 'sse':
        return new SseParser(this)
      case 'ndjson':
        return new NdjsonParser((data) => this.event('message', data))
      case 'json':
        return new WholeBody((body) => this.#body(body))
      default:
        return new WholeBody((body) => this.#page(body), MAX_ERROR_BODY_BYTES)
    }
  }

  /** One event of the stream; called by its parser. */
  event(name: string, data: string): void {
    this.#markEvent()
    const short = data.length < 16 ? data.trim() : null
    if (name === 'error') this.#inStreamError(serverWords(data))
    else if (short === '[DONE]') this.#done()
    else if (short !== '') this.#json(data)
  }

  /** Looks at the most common form of an event; called by its parser. */
  skim(bytes: Buffer, at: number, end: number): number {
    return this.#isDone ? -1 : this.#answer.skim(bytes, at, end)
  }

  /** The event that was skimmed last is complete; called by its parser. */
  skimmed(bytes: Buffer): void {
    this.#markEvent()
    this.#answer.skimmed(bytes, this.#nowMs)
  }

  #done(): void {
    if (!this.#isDone) this.#timeline.doneMs = this.#nowMs
    this.#isDone = true
  }

  #markEvent(): void {
    if (this.#hasEvent) return
    this.#hasEvent = true
    this.#timeline.firstEventMs = this.#nowMs
  }

  #json(data: string): void {
    const event = parseObject(data)
    if (event !== null) {
      const error = this.#answer.event(event, this.#nowMs)
      if (error !== null) this.#inStreamError(quote(error))
    } else if (!this.#over && !this.#isDone) {
      this.#fail('parse', `event is not a JSON object: ${quote(data, MAX_EVENT_QUOTE_CHARS)}`)
    }
  }

  #body(text: string): void {
    this.#timeline.notStreamed = this.#expected.stream
    const body = parseObject(text)
    if (body !== null) {
      const error = this.#answer.body(body)
      if (error !== null) this.#inStreamError(quote(error))
    } else {
      this.#fail('parse', `answer is not a JSON object: ${quote(text, MAX_EVENT_QUOTE_CHARS)}`)
    }
  }

  #page(text: string): void {
    const wanted = this.#expected.stream ? 'an event stream' : 'JSON'
    this.#fail('parse', `expected ${wanted}, got a page: ${serverWords(text)}`)
  }

  #refused(status: number, location: string | null, body: string): void {
    const redirected = location !== null && status < 400
    const words = redirected ? quote(`redirects to ${location}; redirects are not followed`) : serverWords(body)
    const sheds = status === TOO_MANY_REQUESTS || (status === 503 && this.#timeline.retryAfterS !== null)
    this.#fail(sheds ? 'shed' : 'status', words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`)
  }

  #inStreamError(words: string): void {
    if (!this.#isDone) this.#fail('in_stream_error', words || 'error without a message')
  }

  /** The first failure is the cause; what follows from it is not told. */
  #fail(failureClass: FailureClass, message: string): void {
    this.#timeline.failure ??= { class: failureClass, message }
  }

  /** Takes what had arrived of a body that is not complete. A part of a JSON body or page is of no use. */
  #breakOff(): void {
    this.#over = true
    if (this.#format !== 'json' && this.#format !== 'html') this.#finish()
  }

  /** Whether an answer whose body is over is a good one. */
  #judge(): void {
    const { stream, maxTokens, n } = this.#expected
    const timeline = this.#timeline
    const streamed = this.#format === null ? stream : this.#format === 'sse' || this.#format === 'ndjson'
    if (streamed && !this.#isDone && this.#answer.finished < n) {
      this.#fail('truncated', 'the stream ended without finish_reason or [DONE]')
    }
    timeline.withoutDone = this.#format === 'sse' && !this.#isDone && timeline.failure === null
    if (maxTokens > 0 && !hasGenerated(timeline)) this.#fail('empty', 'nothing was generated')
    if (wasDeliveredAtOnce(timeline)) timeline.notStreamed = true
  }

  #settle(nowMs: number): void {
    this.#timeline.endMs = nowMs
    if (this.#expected.keepText) this.#timeline.text = this.#answer.text
  }
}

/** `refusal` is any status but 2xx. */
type Format = 'sse' | 'ndjson' | 'json' | 'html' | 'refusal'

/**
 * Servers and proxies that answer otherwise than asked do not always say so in the content type,
 * but no event stream begins with `{` or `<`.
 */
function formatOf(contentType: string, firstByte: string, stream: boolean): Format {
  if (/ndjson|jsonl|json-?lines/i.test(contentType)) return 'ndjson'
  if (firstByte === '<') return 'html'
  if (firstByte === '{' || /json/i.test(contentType)) return 'json'
  return stream || /event-stream/i.test(contentType) ? 'sse' : 'json'
}

/** First character that is not white space, as DeepSeek sends blank lines before a JSON body. */
const firstByteOf = (bytes: Buffer, start: number, end: number): string =>
  bytes.toString('latin1', start, end).trimStart().charAt(0)

function hasGenerated({ chars, completionTokens, logprobTokens, idTokens }: Timeline): boolean {
  return chars > 0 || (completionTokens ?? 0) > 0 || logprobTokens > 0 || idTokens > 0
}

function wasDeliveredAtOnce({ chunkMs }: Timeline): boolean {
  if (chunkMs.length < NOT_STREAMED.minChunks) return false
  const needed = Math.ceil(chunkMs.length * NOT_STREAMED.share)
  // Instants never decrease, so a run of equal ones is as long as the distance of its ends.
  for (let last = needed - 1; last < chunkMs.length; last++)
    if (chunkMs[last] === chunkMs[last - needed + 1]) return true
  return false
}
