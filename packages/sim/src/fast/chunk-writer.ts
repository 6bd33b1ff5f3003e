import type { HostClock } from '@llmload/core'
import { headOf } from '../api/answer-json.js'
import type { Dialect } from '../api/dialect.js'
import { STAMP_DIGITS, STAMP_FIELD } from '../server/stamps.js'
import type { RingToken } from '../text/answer-text.js'

const SLOT = '"\u0000"'
const EMPTY_STAMP = '0'.padStart(STAMP_DIGITS)

export const STREAM_HEADERS =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n'

/** A chunk in three parts around its send time and its text, all ready for the wire: one character per byte. */
interface Template {
  readonly beforeStamp: string
  readonly afterStamp: string
  readonly afterText: string
  readonly bytes: number
}

/** What the chunks of one answer have in common, made once per answer from the chunks of the dialect. */
export class ChunkWriter {
  readonly #host: HostClock
  readonly #chunk: Template
  readonly #lastChunk: Template
  readonly #opening: string
  readonly #ending: string

  constructor(
    dialect: Dialect,
    generation: { id: string; created: number; model: string },
    usage: string | null,
    { host, stamped }: { host: HostClock; stamped: boolean },
  ) {
    const head = headOf(generation, dialect.chunkObject, stamped ? STAMP_FIELD : '')
    const choice = { index: 0, text: SLOT, logprobs: 'null', tokenIds: 'null', promptTokenIds: 'null' }
    const opening = dialect.opening(head, choice, '')
    this.#host = host
    this.#chunk = templateOf(dialect.chunk(head, { ...choice, finishReason: 'null' }, ''))
    this.#lastChunk = templateOf(dialect.chunk(head, { ...choice, finishReason: '"length"' }, ''))
    this.#opening = opening === null ? '' : httpChunk(`data: ${opening}\n\n`)
    const usageEvent = usage === null ? '' : httpChunk(`data: ${head}[],"usage":{${usage}}}\n\n`)
    this.#ending = `${usageEvent}${httpChunk('data: [DONE]\n\n')}0\r\n\r\n`
  }

  /** The write of one token, as of now: with what opens or ends the answer, where it is the first or the last. */
  write({ json }: RingToken, nowMs: number, isFirst: boolean, isLast: boolean): string {
    const { beforeStamp, afterStamp, afterText, bytes } = isLast ? this.#lastChunk : this.#chunk
    const text = latin1Of(json)
    const stamp = afterStamp === '' ? '' : String(this.#host.toNs(nowMs)).padStart(STAMP_DIGITS)
    const size = (bytes + text.length).toString(16)
    const chunk = `${size}\r\n${beforeStamp}${stamp}${afterStamp}${text}${afterText}\r\n`
    if (!isFirst && !isLast) return chunk
    return (
      (isFirst ? this.#stampAll(this.#opening, stamp) : '') +
      chunk +
      (isLast ? this.#stampAll(this.#ending, stamp) : '')
    )
  }

  #stampAll(text: string, stamp: string): string {
    return stamp === '' ? text : text.replaceAll(STAMP_FIELD, STAMP_FIELD.replace(EMPTY_STAMP, stamp))
  }
}

function templateOf(json: string): Template {
  const event = latin1Of(`data: ${json}\n\n`)
  const [before = '', afterText = ''] = event.split(SLOT)
  const stampAt = before.indexOf(EMPTY_STAMP)
  const [beforeStamp, afterStamp] =
    stampAt < 0 ? [before, ''] : [before.slice(0, stampAt), before.slice(stampAt + STAMP_DIGITS)]
  return { beforeStamp, afterStamp, afterText, bytes: before.length + afterText.length }
}

const httpChunk = (event: string): string => {
  const bytes = latin1Of(event)
  return `${bytes.length.toString(16)}\r\n${bytes}\r\n`
}

/** A character for each byte of the UTF-8 form: such strings are written without being encoded. */
function latin1Of(text: string): string {
  // Nearly all tokens are ASCII.
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.from(text).toString('latin1')
  return text
}
