import { NotHttpError } from './connection-errors.js'

/** How the end of a body is found (RFC 9112 §6.3): by a length, by chunks, or by the end of the connection. */
type Framing = { readonly by: 'length'; readonly bytes: number } | { readonly by: 'chunks' } | { readonly by: 'close' }

/** What a response says before its body. Texts are empty where their header is missing. */
export interface ResponseHead {
  readonly status: number
  readonly contentType: string
  readonly contentEncoding: string
  readonly location: string | null
  readonly retryAfter: string
  readonly date: string
  readonly framing: Framing
  /** How long the server says that it keeps the connection after the response; 0 = not at all. */
  readonly keepAliveMs: number
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/

/** A name and its value: no white space before the colon, no control characters, no folded lines (RFC 9112 §5). */
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/

/** Responses with these statuses never have a body (RFC 9110 §6.4.1). */
const WITHOUT_BODY = [204, 304]

/** By when a server says that it closes an idle connection, a request that is sent may still be under way. */
const KEEP_ALIVE_MARGIN_MS = 1000

/**
 * Reads a status line and headers, as Latin-1, without the blank line behind them. Returns null for an
 * interim response (1xx), which another one follows. Throws a NotHttpError on anything that is no
 * HTTP/1.x, and on anything that two readers could understand in two ways: where a body ends is no matter of taste.
 */
export function parseResponseHead(text: string): ResponseHead | null {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const match = STATUS_LINE.exec(statusLine)
  if (match === null) throw new NotHttpError('begins with', statusLine)
  const status = Number(match[2])
  const fields = readFields(lines)
  if (status === 101) throw new NotHttpError('switches protocols:', statusLine)
  if (status < 200) return null
  const framing: Framing = WITHOUT_BODY.includes(status) ? { by: 'length', bytes: 0 } : framingOf(fields)
  return {
    status,
    contentType: fields.get('content-type') ?? '',
    contentEncoding: fields.get('content-encoding') ?? '',
    location: fields.get('location') ?? null,
    retryAfter: fields.get('retry-after') ?? '',
    date: fields.get('date') ?? '',
    framing,
    keepAliveMs: framing.by === 'close' ? 0 : keepAliveOf(fields, match[1] === '1'),
  }
}

/** Lines of `name: value`, by name in small letters; values of the same name are joined (RFC 9110 §5.3). */
export function readFields(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of lines) {
    const match = FIELD_LINE.exec(line)
    if (match === null) throw new NotHttpError('bad header', line)
    const [, name = '', value = ''] = match
    const key = name.toLowerCase()
    const before = fields.get(key)
    fields.set(key, before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`)
  }
  return fields
}

function framingOf(fields: ReadonlyMap<string, string>): Framing {
  const length = fields.get('content-length')
  const coding = fields.get('transfer-encoding')
  if (coding !== undefined) {
    if (length !== undefined) throw new NotHttpError('both content-length and transfer-encoding')
    if (coding.toLowerCase() !== 'chunked') throw new NotHttpError('transfer-encoding', coding)
    return { by: 'chunks' }
  }
  if (length === undefined) return { by: 'close' }
  const bytes = Number(length)
  if (!/^\d+$/.test(length) || !Number.isSafeInteger(bytes)) throw new NotHttpError('content-length', length)
  return { by: 'length', bytes }
}

function keepAliveOf(fields: ReadonlyMap<string, string>, persistsByDefault: boolean): number {
  const connection = (fields.get('connection') ?? '').toLowerCase().split(/[\t ]*,[\t ]*/)
  if (connection.includes('close')) return 0
  if (!persistsByDefault && !connection.includes('keep-alive')) return 0
  const hint = /\btimeout=(\d+)/i.exec(fields.get('keep-alive') ?? '')
  return hint ? Math.max(0, Number(hint[1]) * 1000 - KEEP_ALIVE_MARGIN_MS) : Number.POSITIVE_INFINITY
}
