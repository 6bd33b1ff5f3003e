import { describe, expect, test } from 'vitest'
import { MAX_EVENT_BYTES } from './line-splitter.js'
import { type EventSink, SseParser } from './sse-parser.js'

type Event = [name: string, data: string]

/** A sink that skims nothing. */
const sink = (event: EventSink['event']): EventSink => ({ event, skim: () => -1, skimmed: () => {} })

function parse(...reads: (string | Buffer)[]): Event[] {
  const events: Event[] = []
  const parser = new SseParser(sink((name, data) => events.push([name, data])))
  for (const read of reads) parser.push(Buffer.from(read))
  parser.finish()
  return events
}

const message = (data: string): Event => ['message', data]

describe('an event stream', () => {
  test.each<{ story: string; stream: string; events: Event[] }>([
    { story: 'lines end at LF', stream: 'data: a\n\ndata: b\n\n', events: [message('a'), message('b')] },
    { story: 'lines end at CR', stream: 'data: a\r\rdata: b\r\r', events: [message('a'), message('b')] },
    { story: 'lines end at CRLF', stream: 'data: a\r\n\r\ndata: b\r\n\r\n', events: [message('a'), message('b')] },
    { story: 'comments are no events', stream: ': ping\n\n:\n\ndata: a\n\n', events: [message('a')] },
    {
      story: 'a comment inside an event is left out',
      stream: 'data: a\n: ping\ndata: b\n\n',
      events: [message('a\nb')],
    },
    { story: 'several data lines are one text', stream: 'data: {"a":\ndata: 1}\n\n', events: [message('{"a":\n1}')] },
    { story: 'the space after the colon is optional', stream: 'data:a\n\n', events: [message('a')] },
    { story: 'only one space is taken away', stream: 'data:  a \n\n', events: [message(' a ')] },
    { story: 'a field without a colon has an empty value', stream: 'data\n\n', events: [message('')] },
    { story: 'two empty data lines are one line end', stream: 'data\ndata\n\n', events: [message('\n')] },
    {
      story: 'an event has a name',
      stream: 'event: ping\ndata: a\n\ndata: b\n\n',
      events: [['ping', 'a'], message('b')],
    },
    { story: 'a name without data is no event', stream: 'event: ping\n\ndata: b\n\n', events: [message('b')] },
    {
      story: 'id, retry and unknown fields mean nothing',
      stream: 'id: 1\nretry: 9\nx: y\ndata: a\n\n',
      events: [message('a')],
    },
    { story: 'a field that only begins like data is another', stream: 'datas: a\nda: b\n\n', events: [] },
    {
      story: "llama.cpp's error field is an event",
      stream: 'error: {"code":500}\n\n',
      events: [['error', '{"code":500}']],
    },
    {
      story: 'a byte order mark is skipped once',
      stream: '\ufeffdata: a\n\n\ufeffdata: b\n\n',
      events: [message('a')],
    },
    {
      story: 'the last event needs no blank line',
      stream: 'data: a\n\ndata: [DONE]',
      events: [message('a'), message('[DONE]')],
    },
    {
      story: 'U+2028, U+0085, VT and FF end no line',
      stream: 'data: a\u2028b\u0085c\vd\fe\n\n',
      events: [message('a\u2028b\u0085c\vd\fe')],
    },
    { story: 'no bytes are no events', stream: '', events: [] },
  ])('$story', ({ stream, events }) => {
    expect(parse(stream)).toEqual(events)
  })

  test('a CR and a LF in different reads end one line', () => {
    expect(parse('data: a\r', '\ndata: b\r', '', '\n\r', '\n')).toEqual([message('a\nb')])
  })

  test('an event whose blank line is a lone CR is dispatched without waiting for more', () => {
    const events: string[] = []
    const parser = new SseParser(sink((_, data) => events.push(data)))
    parser.push(Buffer.from('data: a\r\r'))
    expect(events).toEqual(['a'])
  })

  test('many events of one read come in order', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => String(i))
    expect(parse(numbers.map((n) => `data: ${n}\n\n`).join(''))).toEqual(numbers.map(message))
  })

  test('however the reads cut it, a stream has the same events', () => {
    const stream = Buffer.from(
      '\ufeffevent: x\r\ndata: ä€😀\r\n\r\n: c\rdata:b\rdata\r\rid: 1\nerror:  e\n\ndata: [DONE]',
    )
    const whole = parse(stream)
    expect(whole).toEqual([['x', 'ä€😀'], message('b\n'), ['error', ' e'], message('[DONE]')])
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const reads = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)]
        expect(parse(...reads)).toEqual(whole)
      }
    }
    expect(parse(...Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(whole)
  })

  test('an event of a megabyte over reads of a kilobyte arrives whole', () => {
    const data = 'x'.repeat(1 << 20)
    const stream = Buffer.from(`data: ${data}\n\n`)
    const reads = Array.from({ length: Math.ceil(stream.length / 1024) }, (_, i) =>
      stream.subarray(i * 1024, (i + 1) * 1024),
    )
    expect(parse(...reads)).toEqual([message(data)])
  })

  test('a line that never ends is given up at the limit', () => {
    const parser = new SseParser(sink(() => {}))
    const read = Buffer.alloc(1 << 20, 'x')
    const reads = MAX_EVENT_BYTES / read.length
    for (let i = 0; i < reads; i++) expect(parser.push(read)).toBe(true)
    expect(parser.push(read)).toBe(false)
  })

  test('an event of endless data lines is given up at the limit', () => {
    const parser = new SseParser(sink(() => {}))
    const read = Buffer.from(`data: ${'x'.repeat(1 << 20)}\n`)
    let reads = 0
    while (parser.push(read)) reads++
    expect(reads).toBeGreaterThanOrEqual(MAX_EVENT_BYTES / read.length - 1)
    expect(reads).toBeLessThanOrEqual(MAX_EVENT_BYTES / (1 << 20))
  })
})
