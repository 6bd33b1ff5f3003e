import { expect, test } from 'vitest'
import { ChunkShape, type Gap } from './chunk-shape.js'
import { JsonText } from './json-text.js'

const CHUNK = '{"id":"cmpl-1","created":17,"choices":[{"index":0,"text":" a","finish_reason":null}]}'

/** The form of that chunk: its id, its time and its text may differ. */
function shape(): ChunkShape {
  const bytes = Buffer.from(`data: ${CHUNK}\n\n`)
  const gap = (value: string, is: Gap['is']): Gap => {
    const start = bytes.indexOf(value)
    return { start, end: start + value.length, is }
  }
  const start = bytes.indexOf('{')
  const gaps = [gap('"cmpl-1"', 'string'), gap('17', 'number'), gap('" a"', 'text')]
  return new ChunkShape(bytes, start, start + CHUNK.length, gaps)
}

/** What is found in a chunk that lies somewhere in a read; null where it does not fit. */
function fitted(chunk: string): { text: string; chars: number } | null {
  const bytes = Buffer.from(`data: ${chunk}\n\n`)
  const text = new JsonText()
  const end = 'data: '.length + Buffer.byteLength(chunk)
  if (shape().fit(bytes, 'data: '.length, end, text) !== end) return null
  return { text: bytes.toString('utf8', text.start, text.end), chars: text.chars }
}

test.each([
  { story: 'the same chunk', from: ' a', to: ' a', text: ' a', chars: 2 },
  { story: 'another text', from: ' a', to: ' 中é😀', text: ' 中é😀', chars: 4 },
  { story: 'a text with escapes', from: ' a', to: '\\n\\"\\ud83d\\ude00', text: '\\n\\"\\ud83d\\ude00', chars: 3 },
  { story: 'another id', from: 'cmpl-1', to: 'cmpl-22222 {}', text: ' a', chars: 2 },
  { story: 'no id', from: 'cmpl-1', to: '', text: ' a', chars: 2 },
  { story: 'another number', from: '17', to: '-1.5e-3', text: ' a', chars: 2 },
])('$story fits', ({ from, to, text, chars }) => {
  expect(fitted(CHUNK.replace(from, to))).toEqual({ text, chars })
})

test.each([
  { story: 'a text that is empty', from: ' a', to: '' },
  { story: 'a text that is null', from: '" a"', to: 'null' },
  { story: 'a text that is a number', from: '" a"', to: '5' },
  { story: 'a text without its quote', from: '" a"', to: ' a"' },
  { story: 'a text with a control character', from: ' a', to: '\t' },
  { story: 'a text with half an escape', from: ' a', to: '\\u12' },
  { story: 'an id with an escape', from: 'cmpl-1', to: '\\u0041' },
  { story: 'an id that is a number', from: '"cmpl-1"', to: '1' },
  { story: 'a number with a leading zero', from: '17', to: '017' },
  { story: 'a number that is a text', from: '17', to: '"17"' },
  { story: 'a reason to finish', from: 'null', to: '"stop"' },
  { story: 'another index', from: ':0', to: ':1' },
  { story: 'one field more', from: '}]', to: ',"logprobs":{}}]' },
  { story: 'a space more', from: '"index":', to: '"index": ' },
])('$story does not', ({ from, to }) => {
  expect(fitted(CHUNK.replace(from, to))).toBeNull()
})

test('a chunk of which any byte of the form is another does not fit', () => {
  const free = [...CHUNK.matchAll(/cmpl-1|17| a/g)].flatMap(({ 0: value, index }) =>
    [...value].map((_, k) => index + k),
  )
  const fixed = [...CHUNK].map((_, at) => at).filter((at) => !free.includes(at))
  expect(fixed.length).toBeGreaterThan(60)
  for (const at of fixed) expect(fitted(`${CHUNK.slice(0, at)}~${CHUNK.slice(at + 1)}`), `byte ${at}`).toBeNull()
})

test('a chunk that a read has cut off does not fit, wherever that is', () => {
  const bytes = Buffer.from(CHUNK)
  for (let end = 0; end < bytes.length; end++) {
    const behind = shape().fit(bytes.subarray(0, end), 0, end, new JsonText())
    expect(behind === -1 || behind > end, `cut at ${end}`).toBe(true)
  }
})
