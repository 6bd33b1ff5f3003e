import { describe, expect, test } from 'vitest'
import type { ResponseHead } from './response-head.js'
import { MAX_HEADER_BYTES, ResponseParser } from './response-parser.js'

interface Parsed {
  head: Partial<ResponseHead> | null
  body: string
  /** Index behind the response; -1 if it is not complete. */
  behind: number
  keepAliveMs: number
}

/** Parses reads that a connection brings, which then ends if `ended`. Each read lies in a buffer with other bytes behind it, as in earnest. */
function parse(reads: readonly Buffer[], ended = false): Parsed {
  const parsed: Parsed = { head: null, body: '', behind: -1, keepAliveMs: 0 }
  const parser = new ResponseParser({
    head: (head) => {
      parsed.head = head
    },
    body: (bytes, start, end) => {
      parsed.body += bytes.toString('latin1', start, end)
    },
  })
  let before = 0
  for (const read of reads) {
    const used = parser.push(Buffer.concat([read, Buffer.from('HTTP/1.1 \r\n\r\n0123abc')]), read.length)
    if (parser.isComplete && parsed.behind < 0) parsed.behind = before + used
    before += read.length
  }
  if (ended && parser.finish() && parsed.behind < 0) parsed.behind = before
  return { ...parsed, keepAliveMs: parser.keepAliveMs }
}

const bytesOf = (text: string) => Buffer.from(text, 'latin1')
const whole = (text: string, ended = false) => parse([bytesOf(text)], ended)

/** A response of these header lines and this body. */
const response = (lines: readonly string[], body = '', status = 'HTTP/1.1 200 OK') =>
  `${[status, ...lines].join('\r\n')}\r\n\r\n${body}`
const chunked = (body: string, ...lines: string[]) => response(['Transfer-Encoding: chunked', ...lines], body)

const GOOD: { story: string; text: string; body: string; ended?: boolean; head?: Partial<ResponseHead> }[] = [
  { story: 'a length', text: response(['Content-Length: 5'], 'abcde'), body: 'abcde' },
  { story: 'a length of nothing', text: response(['Content-Length: 0']), body: '' },
  { story: 'chunks', text: chunked('3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n'), body: 'abc0123456789abcdef' },
  { story: 'no chunks', text: chunked('0\r\n\r\n'), body: '' },
  {
    story: 'sizes in capitals and with zeros in front',
    text: chunked('000A\r\n0123456789\r\n00\r\n\r\n'),
    body: '0123456789',
  },
  { story: 'chunk extensions', text: chunked('3;name="v;\t"\r\nabc\r\n0;x\r\n\r\n'), body: 'abc' },
  { story: 'spaces behind a size, as old servers pad it', text: chunked('3  \r\nabc\r\n0   \r\n\r\n'), body: 'abc' },
  { story: 'trailers', text: chunked('3\r\nabc\r\n0\r\nDigest: x\r\nExpires:\r\n\r\n'), body: 'abc' },
  { story: 'line ends inside a chunk', text: chunked('6\r\n\r\n\r\n0\r\r\n0\r\n\r\n'), body: '\r\n\r\n0\r' },
  { story: 'the end of the connection', text: response([], 'abc'), body: 'abc', ended: true },
  { story: 'HTTP/1.0', text: response([], 'abc', 'HTTP/1.0 200 OK'), body: 'abc', ended: true },
  {
    story: '204, which has no body',
    text: response(['Content-Length: 5'], '', 'HTTP/1.1 204 No Content'),
    body: '',
    head: { status: 204 },
  },
  {
    story: 'no reason',
    text: response(['Content-Length: 1'], 'x', 'HTTP/1.1 404'),
    body: 'x',
    head: { status: 404 },
  },
  {
    story: '100 Continue and two early hints before it',
    text: `HTTP/1.1 100 Continue\r\n\r\n${'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(2)}${response(['Content-Length: 1'], 'x')}`,
    body: 'x',
    head: { status: 200 },
  },
  {
    story: 'headers in any case, with and without space, joined if given twice',
    text: response([
      'CONTENT-TYPE:text/event-stream',
      'Content-Encoding:  gzip \t',
      'location: /a',
      'Location: /b',
      'content-length: 0',
    ]),
    body: '',
    head: { contentType: 'text/event-stream', contentEncoding: 'gzip', location: '/a, /b' },
  },
  {
    story: 'header values in Latin-1',
    text: response(['X: caf\xe9', 'Content-Length: 0'], '', 'HTTP/1.1 200 caf\xe9'),
    body: '',
  },
]

describe('a response ends by', () => {
  test.each(GOOD)('$story', ({ text, body, ended = false, head = {} }) => {
    const parsed = whole(text, ended)
    expect(parsed).toMatchObject({ body, behind: text.length })
    expect(parsed.head).toMatchObject(head)
  })

  test('however the reads cut it, it is the same', () => {
    for (const { text, ended } of GOOD) {
      const bytes = bytesOf(text)
      const expected = parse([bytes], ended)
      for (let first = 0; first <= bytes.length; first++) {
        expect(parse([bytes.subarray(0, first), bytes.subarray(first)], ended)).toEqual(expected)
      }
      expect(
        parse(
          Array.from(bytes, (byte) => Buffer.of(byte)),
          ended,
        ),
      ).toEqual(expected)
    }
  })

  test('what follows it in the same read is not touched', () => {
    for (const { text, body, ended } of GOOD.filter((row) => !row.ended)) {
      expect(whole(`${text}HTTP/1.1 200 OK\r\n`, ended)).toMatchObject({ body, behind: text.length })
    }
  })

  test('nothing, if its connection ends before', () => {
    for (const { text } of GOOD.filter((row) => !row.ended)) {
      for (let length = 0; length < text.length; length++) expect(whole(text.slice(0, length), true).behind).toBe(-1)
    }
  })
})

describe('a connection is kept', () => {
  const NEVER = 0
  const ALWAYS = Number.POSITIVE_INFINITY
  test.each<{ story: string; lines: string[]; status?: string; ms: number }>([
    { story: 'by default', lines: [], ms: ALWAYS },
    { story: 'not after close', lines: ['Connection: close'], ms: NEVER },
    { story: 'not after close among others', lines: ['Connection: Keep-Alive, Close'], ms: NEVER },
    { story: 'not by HTTP/1.0', lines: [], status: 'HTTP/1.0 200 OK', ms: NEVER },
    { story: 'by HTTP/1.0 that says so', lines: ['Connection: keep-alive'], status: 'HTTP/1.0 200 OK', ms: ALWAYS },
    { story: 'a second shorter than the server says', lines: ['Keep-Alive: timeout=5, max=100'], ms: 4000 },
    { story: 'not where the server keeps it a second', lines: ['Keep-Alive: timeout=1'], ms: NEVER },
  ])('$story', ({ lines, status, ms }) => {
    expect(whole(response([...lines, 'Content-Length: 0'], '', status)).keepAliveMs).toBe(ms)
  })

  test('not where its end is that of the body', () => {
    expect(whole(response(['Connection: keep-alive'], 'abc'), true).keepAliveMs).toBe(NEVER)
  })
})

describe('what is no HTTP/1.1 is refused with its bytes:', () => {
  test.each<{ story: string; text: string; reason: string }>([
    { story: 'another protocol', text: 'SSH-2.0-OpenSSH_9.2\r\n', reason: 'begins with "SSH-2.0-OpenSSH_9.2"' },
    { story: 'a TLS alert', text: '\x15\x03\x01\x00\x02', reason: 'begins with "\\u0015\\u0003\\u0001\\u0000\\u0002"' },
    { story: 'HTTP/2', text: response([], '', 'HTTP/2 200'), reason: 'begins with "HTTP/2 200"' },
    { story: 'HTTP/1.2', text: response([], '', 'HTTP/1.2 200 OK'), reason: 'begins with "HTTP/1.2 200 OK"' },
    {
      story: 'a status of two digits',
      text: response([], '', 'HTTP/1.1 20 OK'),
      reason: 'begins with "HTTP/1.1 20 OK"',
    },
    {
      story: 'a status of four digits',
      text: response([], '', 'HTTP/1.1 2000'),
      reason: 'begins with "HTTP/1.1 2000"',
    },
    {
      story: 'a protocol that nobody asked for',
      text: response(['Upgrade: x'], '', 'HTTP/1.1 101 Switching Protocols'),
      reason: 'switches protocols: "HTTP/1.1 101 Switching Protocols"',
    },
    { story: 'a folded header', text: response(['A: 1', ' 2']), reason: 'bad header " 2"' },
    { story: 'a space before the colon', text: response(['A : 1']), reason: 'bad header "A : 1"' },
    { story: 'no colon', text: response(['A']), reason: 'bad header "A"' },
    { story: 'no name', text: response([': 1']), reason: 'bad header ": 1"' },
    { story: 'a NUL in a value', text: response(['A: \0']), reason: 'bad header "A: \\u0000"' },
    { story: 'a lone LF', text: response(['A: 1\nB: 2']), reason: 'bad header "A: 1\\nB: 2"' },
    { story: 'a lone CR', text: response(['A: 1\rB: 2']), reason: 'bad header "A: 1\\rB: 2"' },
    {
      story: 'two ways to find the end',
      text: response(['Content-Length: 3', 'Transfer-Encoding: chunked']),
      reason: 'both content-length and transfer-encoding',
    },
    {
      story: 'two lengths',
      text: response(['Content-Length: 3', 'Content-Length: 3']),
      reason: 'content-length "3, 3"',
    },
    { story: 'a length below zero', text: response(['Content-Length: -1']), reason: 'content-length "-1"' },
    { story: 'a length that is no number', text: response(['Content-Length: 0x10']), reason: 'content-length "0x10"' },
    { story: 'a length of nothing', text: response(['Content-Length:']), reason: 'content-length ""' },
    {
      story: 'a length beyond all numbers',
      text: response(['Content-Length: 9007199254740993']),
      reason: 'content-length "9007199254740993"',
    },
    {
      story: 'another transfer coding',
      text: response(['Transfer-Encoding: gzip, chunked']),
      reason: 'transfer-encoding "gzip, chunked"',
    },
    { story: 'no chunk size', text: chunked('\r\n'), reason: 'Invalid character in chunk size "\\r"' },
    { story: 'an extension without a size', text: chunked(';a\r\n'), reason: 'Invalid character in chunk size ";"' },
    { story: 'a chunk size below zero', text: chunked('-1\r\n'), reason: 'Invalid character in chunk size "-"' },
    { story: 'a chunk size that is no number', text: chunked('5g\r\n'), reason: 'Invalid character in chunk size "g"' },
    {
      story: 'a chunk size beyond all numbers',
      text: chunked(`${'f'.repeat(14)}\r\n`),
      reason: 'chunk size too large',
    },
    { story: 'a lone LF behind a size', text: chunked('3\nabc'), reason: 'Invalid character in chunk size "\\n"' },
    { story: 'a lone CR behind a size', text: chunked('3\rabc'), reason: 'Invalid character behind chunk size "a"' },
    {
      story: 'a chunk longer than its size',
      text: chunked('3\r\nabcd\r\n'),
      reason: 'Invalid character behind chunk "d"',
    },
    { story: 'a lone LF behind a chunk', text: chunked('3\r\nabc\n'), reason: 'Invalid character behind chunk "\\n"' },
    {
      story: 'a line end in an extension',
      text: chunked('3;a\nb\r\n'),
      reason: 'Invalid character in chunk extension "\\n"',
    },
    { story: 'an extension without end', text: chunked(`3;${'x'.repeat(5000)}`), reason: 'chunk extension too large' },
    { story: 'a bad trailer', text: chunked('0\r\nA\r\n\r\n'), reason: 'bad header "A"' },
    { story: 'trailers without end', text: chunked(`0\r\n${'A: b\r\n'.repeat(20_000)}`), reason: 'headers too large' },
    {
      story: 'headers without end',
      text: `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(20_000)}`,
      reason: 'headers too large',
    },
    { story: 'hints without end', text: 'HTTP/1.1 103 Hints\r\n\r\n'.repeat(5000), reason: 'headers too large' },
  ])('$story', ({ text, reason }) => {
    expect(() => whole(text)).toThrow(new Error(reason))
    expect(() => parse(Array.from(bytesOf(text), (byte) => Buffer.of(byte)))).toThrow()
  })

  test('headers may be so long, and no longer', () => {
    const room = MAX_HEADER_BYTES - response(['Content-Length: 0', 'A: ']).length
    expect(whole(response(['Content-Length: 0', `A: ${'x'.repeat(room)}`])).behind).toBe(MAX_HEADER_BYTES)
    expect(() => whole(response(['Content-Length: 0', `A: ${'x'.repeat(room + 1)}`]))).toThrow('headers too large')
  })

  test('a quotation is short', () => {
    expect(() => whole(response([`A${'\0'.repeat(1000)}`]))).toThrow(/^bad header .{1,400}$/)
  })
})
