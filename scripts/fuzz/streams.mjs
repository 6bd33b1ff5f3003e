import assert from 'node:assert/strict'
import { endpointOf, ResponseReader, Timeline } from '../../packages/core/dist/index.js'

const CONTENT_TYPES = [
  ...['text/event-stream', 'text/event-stream', 'text/event-stream; charset=utf-8', 'application/json', ''],
  ...['application/x-ndjson', 'text/html', 'text/plain'],
]
const LINE_ENDS = ['\n', '\n', '\n', '\r\n', '\r']
const TEXTS = ['a', ' b', '', 'é', '😀', '\u2028', '\\', '"', '<think>', '</think>', '</thi', '\n', 'x'.repeat(300)]
const ODD = [null, true, -1, 0, 1, 1.5, 1e21, 2 ** 53, 4_294_967_290, '', 'text', [], {}, [null], { a: [] }]
const WORDS = [
  ...['data', 'data:', 'data: ', 'event: error', 'error:', 'error: {"message":"x"}', ': ping', 'id: 1', 'retry: 1'],
  ...[
    '\n',
    '\n\n',
    '\r',
    '\r\n',
    '\r\n\r\n',
    '\ufeff',
    '\0',
    '[DONE]',
    'data: [DONE]\n\n',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
  ],
  ...[
    '\\',
    '\\u',
    '\\ud83d',
    '\\ude00',
    '\\n',
    'null',
    '"choices"',
    '"usage"',
    '"error"',
    '"text":',
    '"index":1',
    'NaN',
    '1e5',
  ],
  ...[
    '"delta":{"content":"x"}',
    '"finish_reason":"stop"',
    '"__proto__":{}',
    '"completion_tokens":',
    '\u0085',
    '\u2028',
  ],
]
const MARKS = [
  'firstEventMs',
  'firstChoicesMs',
  'firstTokenMs',
  'firstReasoningMs',
  'firstVisibleMs',
  'usageMs',
  'doneMs',
]

/** @typedef {import('./draw.mjs').Draw} Draw */

/** One answer, read in several ways. @param {Draw} draw */
export function streams(draw) {
  const whole = answer(draw)
  const bytes = draw.is(0.6) ? draw.broken(whole, WORDS) : whole
  const asked = {
    contentType: draw.of(CONTENT_TYPES),
    status: draw.is(0.95) ? 200 : draw.of([204, 301, 429, 500]),
    stream: draw.is(0.85),
    n: draw.is(0.9) ? 1 : 2,
    thinkTags: draw.is(0.2),
  }
  const once = read([bytes], asked)
  assert.deepEqual(read(draw.reads(bytes), asked), once, 'the reads made a difference')
  if (bytes.length < 2000)
    assert.deepEqual(
      read(
        [...bytes].map((byte) => Buffer.from([byte])),
        asked,
      ),
      once,
    )
  // With tags no event is skimmed: each is decoded in full.
  if (!asked.thinkTags) assert.deepEqual(withoutTells(read([bytes], { ...asked, thinkTags: true })), withoutTells(once))
  breakOff(draw, bytes, asked)
  return bytes.length
}

/** @param {Draw} draw */
function answer(draw) {
  if (draw.is(0.08)) return Buffer.from(JSON.stringify(chunk(draw, 'message')))
  if (draw.is(0.03)) return Buffer.from('<!DOCTYPE html><title>Sign in</title>')
  const end = draw.of(LINE_ENDS)
  const isNdjson = draw.is(0.08)
  const frame = (/** @type {string} */ data) => (isNdjson ? data + end : `data: ${data}${end}${end}`)
  const events = draw.list(draw.below(12), () => frame(draw.is(0.03) ? 'null' : JSON.stringify(chunk(draw, 'delta'))))
  const comments = draw.is(0.2) ? `: waiting${end}${end}` : ''
  return Buffer.from(comments + events.join(draw.is(0.1) ? comments : '') + (draw.is(0.8) ? frame('[DONE]') : ''))
}

/**
 * @param {Draw} draw
 * @param {'delta' | 'message'} message
 */
function chunk(draw, message) {
  const text = draw.of(TEXTS)
  const odd = (/** @type {unknown} */ value) => (draw.is(0.04) ? draw.of(ODD) : value)
  const content = draw.of([
    { content: text },
    { reasoning: text },
    { reasoning_content: text },
    { role: 'assistant', content: '' },
  ])
  const calls = { tool_calls: [{ index: 0, function: { name: 'f', arguments: text } }] }
  const choice = {
    index: odd(draw.is(0.95) ? 0 : 1),
    ...(draw.is(0.5) ? { text: odd(text) } : { [message]: odd(draw.is(0.1) ? calls : content) }),
    finish_reason: odd(draw.is(0.85) ? null : 'stop'),
    ...(draw.is(0.1) && { logprobs: odd({ tokens: [text], content: odd([]) }) }),
    ...(draw.is(0.1) && { token_ids: odd([1, 2]) }),
  }
  const usage = {
    prompt_tokens: odd(draw.below(50)),
    completion_tokens: odd(draw.below(50)),
    prompt_tokens_details: odd({ cached_tokens: odd(3) }),
  }
  return {
    ...(draw.is(0.5) && { id: 'cmpl-1', object: odd('text_completion'), created: 1, model: 'm' }),
    choices: odd(draw.is(0.9) ? [odd(choice)] : draw.list(draw.below(3), () => choice)),
    ...(draw.is(0.3) && { usage: odd(usage) }),
    ...(draw.is(0.02) && { error: odd({ message: 'boom' }) }),
  }
}

/**
 * @param {readonly Buffer[]} reads
 * @param {{ contentType: string, status: number, stream: boolean, n: number, thinkTags: boolean }} asked
 */
function read(reads, { contentType, status, ...asked }) {
  const timeline = new Timeline(0, null)
  const expected = { endpoint: endpointOf('openai'), maxTokens: 5, keepText: true, ...asked }
  const reader = new ResponseReader(timeline, expected)
  reader.headers(status, contentType, 1)
  for (const [i, bytes] of reads.entries()) reader.data(bytes, 10 + i)
  reader.end(1e6)
  return factsOf(timeline)
}

/** What does not depend on when reads came. @param {Timeline} timeline */
function factsOf(timeline) {
  const { chunkMs, chunkTokens, failure, text, finishReason, withoutDone, ...rest } = timeline
  const { chars, chunks, bodyBytes, promptTokens, completionTokens, cachedTokens, logprobTokens, idTokens } = rest
  const counts = { chars, chunks, bodyBytes, promptTokens, completionTokens, cachedTokens, logprobTokens, idTokens }
  for (const [name, count] of Object.entries(counts)) {
    assert.ok(count === null || (Number.isSafeInteger(count) && count >= 0), `${name} is ${count}`)
  }
  assert.ok(chunkTokens.length === 0 || chunkTokens.length === chunkMs.length, 'tokens of some chunks only')
  assert.ok(
    chunkMs.every((ms, i) => i === 0 || ms >= (chunkMs[i - 1] ?? 0)),
    'chunks out of order',
  )
  assert.ok(
    chunkTokens.every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0),
    `chunk of ${chunkTokens} tokens`,
  )
  assert.ok(failure === null || (failure.message.length < 500 && !/[\r\n]/.test(failure.message)), failure?.message)
  const reached = MARKS.filter((mark) => !Number.isNaN(timeline[/** @type {'doneMs'} */ (mark)]))
  return { ...counts, chunkTokens, failure, text, finishReason, withoutDone, reached, timed: chunkMs.length }
}

/** Without what tags tell. @param {ReturnType<typeof factsOf>} facts */
const withoutTells = ({ reached, ...facts }) => ({
  ...facts,
  reached: reached.filter((mark) => mark !== 'firstReasoningMs' && mark !== 'firstVisibleMs'),
})

/**
 * However far it has come, an answer may end in any way, once.
 *
 * @param {Draw} draw
 * @param {Buffer} bytes
 * @param {Parameters<typeof read>[1]} asked
 */
function breakOff(draw, bytes, { contentType, status, ...asked }) {
  const timeline = new Timeline(0, null)
  const reader = new ResponseReader(timeline, { endpoint: endpointOf('vllm'), maxTokens: 5, keepText: true, ...asked })
  if (draw.is(0.9)) {
    reader.headers(status, contentType, 1)
    reader.data(bytes, 2, 0, draw.below(bytes.length + 1))
  }
  if (draw.is(0.5)) reader.cancel(3)
  else reader.fail({ class: 'reset', message: 'gone' }, 3)
  assert.ok(timeline.endMs === 3 && (timeline.censored ? timeline.failure === null : true))
}
