import assert from 'node:assert/strict'
import { NotHttpError } from '../../packages/worker/dist/http/connection-errors.js'
import { ResponseParser } from '../../packages/worker/dist/http/response-parser.js'

const MAX_MESSAGE_CHARS = 300

const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 503 Busy',
  'HTTP/1.1 304 ',
]
const INTERIM = ['', '', '', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n']
const HEADERS = [
  ...[
    'content-type: text/event-stream',
    'Connection: close',
    'connection: keep-alive',
    'Keep-Alive: timeout=5',
    'x: y',
  ],
  ...['content-encoding: gzip', 'retry-after: 7', 'date: Thu, 01 Jan 2015 00:00:00 GMT', 'x-empty:', 'location: /v2'],
]
const WORDS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\n\n',
    '\r',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '\0',
    '\x7f',
    'é',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
  ],
  ...[
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 101 Switching\r\n\r\n',
    'HTTP/2 200\r\n',
    'content-length: 3\r\n',
    'content-length: -1\r\n',
  ],
  ...[
    'content-length: 99999999999999999999\r\n',
    'transfer-encoding: chunked\r\n',
    'transfer-encoding: gzip, chunked\r\n',
  ],
  ...[
    'FFFFFFFFFFFFFFFF\r\n',
    'fffffffffffff\r\n',
    '+5\r\n',
    '0x5\r\n',
    ' 5\r\n',
    '5;ext="a\r\n',
    ' folded\r\n',
    'x'.repeat(70_000),
  ],
]

/** @typedef {import('./draw.mjs').Draw} Draw */

/** One response, read in several ways. @param {Draw} draw */
export function responses(draw) {
  const whole = response(draw)
  const bytes = draw.is(0.75) ? draw.broken(whole, WORDS) : whole
  const once = read([bytes])
  assert.deepEqual(read(draw.reads(bytes)), once, 'the reads made a difference')
  if (bytes.length < 2000) assert.deepEqual(read([...bytes].map((byte) => Buffer.from([byte]))), once)
  if (bytes === whole) assert.equal(once.problem, null, 'a good response was refused')
  return bytes.length
}

/** @param {Draw} draw */
function response(draw) {
  const body = Buffer.alloc(draw.below(draw.is(0.9) ? 200 : 100_000), 'data: {"x":1}\n\n')
  const status = draw.of(STATUS_LINES)
  const headers = draw.list(draw.below(5), () => draw.of(HEADERS))
  const framing = draw.below(3)
  if (framing === 0) headers.push(`content-length: ${body.length}`)
  if (framing === 1) headers.push('Transfer-Encoding: chunked')
  const head = `${draw.of(INTERIM)}${[status, ...headers].join('\r\n')}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), framing === 1 ? chunked(draw, body) : body])
}

/**
 * @param {Draw} draw
 * @param {Buffer} body
 */
function chunked(draw, body) {
  const parts = draw.reads(body).flatMap((part) => {
    const extension = draw.is(0.05) ? ';a=b' : ''
    return [Buffer.from(`${part.length.toString(16)}${extension}\r\n`), part, Buffer.from('\r\n')]
  })
  return Buffer.concat([...parts, Buffer.from(draw.is(0.2) ? '0\r\nx-served-by: me\r\n\r\n' : '0\r\n\r\n')])
}

/** @param {readonly Buffer[]} reads */
function read(reads) {
  const seen = { heads: /** @type {unknown[]} */ ([]), body: /** @type {Buffer[]} */ ([]), unread: 0 }
  const parser = new ResponseParser({
    head: (head) => seen.heads.push(head),
    body: (bytes, start, end) => seen.body.push(Buffer.from(bytes.subarray(start, end))),
  })
  /** @type {string | null} */
  let problem = null
  try {
    for (const bytes of reads) seen.unread += bytes.length - parser.push(bytes, bytes.length)
    parser.finish()
  } catch (error) {
    assert.ok(error instanceof NotHttpError, `${error}`)
    // It quotes what had come by then.
    problem = error.message.replace(/^begins with .*/s, 'begins otherwise')
    assert.ok(error.message.length < MAX_MESSAGE_CHARS, error.message)
  }
  assert.ok(seen.heads.length <= 1, 'two heads')
  const { isComplete, keepAliveMs } = parser
  const body = Buffer.concat(seen.body).toString('latin1')
  return { heads: seen.heads, body, unread: problem === null ? seen.unread : 0, problem, isComplete, keepAliveMs }
}
