import { createBrotliCompress, createDeflate, createGzip } from 'node:zlib'
import type { Quirk } from './quirk.js'

const CR = 0x0d
/** Every byte of a UTF-8 sequence but the first is below this, as is ASCII. */
const FIRST_BYTE_OF_SEQUENCE = 0xc0

const HELD_WRITES = 4

const DONE = 'data: [DONE]\n\n'
const JSON_EVENT = /^data: (\{.*\})\n\n$/s

const indent = (json: string): string => JSON.stringify(JSON.parse(json), null, 1)

/** Cuts behind each of these positions. */
function cutBehind(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const ends = [...positions.map((position) => position + 1), bytes.length]
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter((part) => part.length > 0)
}

const carriageReturns = (bytes: Buffer): number[] => [...bytes.keys()].filter((i) => bytes[i] === CR)

/** How events become bytes, and bytes writes. Line ends come last: they apply to what the others made. */
export const FRAMING_QUIRKS = {
  comments: {
    rule: 2,
    sends: 'a comment in every event and one by itself before it',
    frame: (event) => `: waiting\n\n: next\n${event}`,
  },
  fields: {
    rule: 3,
    sends: 'the lines event: message, id: and retry: in every event',
    frame: (event) => `event: message\nid: 7\nretry: 3000\n${event}`,
  },
  'multi-line-data': {
    rule: 4,
    sends: 'the JSON of an event indented, over several data: lines',
    frame: (event) => event.replace(JSON_EVENT, (_, json) => `${indent(json).replace(/^/gm, 'data: ')}\n\n`),
  },
  'no-space': { rule: 5, sends: 'data: without the space', frame: (event) => event.replace(/^data: /gm, 'data:') },
  'data-alone': {
    rule: 5,
    sends: 'after every event one with the line data, without colon or value',
    frame: (event) => `${event}data\n\n`,
  },
  'split-utf8': {
    rule: 7,
    sends: 'the first character of several bytes in a write in two reads',
    cut: (bytes) => {
      const at = bytes.findIndex((byte) => byte >= FIRST_BYTE_OF_SEQUENCE)
      return at < 0 ? [bytes] : cutBehind(bytes, [at])
    },
  },
  'space-at-cut': {
    rule: 8,
    sends: 'the space at the begin of a text in a read of its own',
    cut: (bytes) => {
      const at = bytes.indexOf('" ')
      return at < 0 ? [bytes] : cutBehind(bytes, [at, at + 1])
    },
  },
  bom: {
    rule: 9,
    sends: 'a byte order mark before the first event',
    frame: (event, first) => (first ? `\ufeff${event}` : event),
  },
  coalesced: { rule: 10, sends: `${HELD_WRITES} events in one write`, hold: HELD_WRITES },
  'byte-by-byte': {
    rule: 10,
    sends: 'every byte in a write of its own',
    cut: (bytes) => cutBehind(bytes, [...bytes.keys()]),
    cutGapMs: 0,
  },
  'done-without-blank-line': {
    rule: 22,
    sends: '[DONE] without the blank line after it, like llama.cpp',
    frame: (event) => event.replace(DONE, 'data: [DONE]\n'),
  },
  'whole-at-once': {
    rule: 24,
    sends: 'all events in one write at the end, like a proxy that buffers',
    hold: Number.POSITIVE_INFINITY,
  },
  gzip: {
    rule: 25,
    sends: 'the stream compressed by gzip, though nobody asked for it',
    encoding: { name: 'gzip', stream: createGzip },
  },
  deflate: { rule: 25, sends: 'the same by deflate', encoding: { name: 'deflate', stream: createDeflate } },
  br: { rule: 25, sends: 'the same by Brotli', encoding: { name: 'br', stream: createBrotliCompress } },
  'late-headers': { rule: 35, sends: 'the headers only with the first event', lateHeaders: true },
  ndjson: {
    rule: 37,
    sends: 'lines of JSON instead of events',
    contentType: 'application/x-ndjson',
    frame: (event) => event.replace(DONE, '').replace(JSON_EVENT, '$1\n'),
  },
  crlf: { rule: 1, sends: 'CR LF at the end of every line', frame: (event) => event.replaceAll('\n', '\r\n') },
  'crlf-split': {
    rule: 1,
    sends: 'CR LF at the end of every line, CR and LF in different reads',
    frame: (event) => event.replaceAll('\n', '\r\n'),
    cut: (bytes) => cutBehind(bytes, carriageReturns(bytes)),
  },
  cr: { rule: 1, sends: 'CR alone at the end of every line', frame: (event) => event.replaceAll('\n', '\r') },
} satisfies Record<string, Quirk>
