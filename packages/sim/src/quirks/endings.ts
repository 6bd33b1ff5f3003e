import { STREAM_ERROR_JSON } from '../api/errors.js'
import { onChoices, without } from './chunk.js'
import type { Quirk } from './quirk.js'

const MID_ANSWER_TOKENS = 2

const FINISH_ERROR_JSON = '{"choices":[{"index":0,"text":"","delta":{"content":""},"finish_reason":"error"}]}'

const errorAs = (rule: number, sends: string, errorEvents: string): Quirk => ({
  rule,
  sends,
  errorEvents,
  fault: { kind: 'error', afterTokens: MID_ANSWER_TOKENS },
})

const DONE = 'data: [DONE]\n\n'

/** How answers end, well or badly. */
export const ENDING_QUIRKS = {
  'error-data': errorAs(
    20,
    'an error object after two tokens, under HTTP 200',
    `data: ${STREAM_ERROR_JSON}\n\n${DONE}`,
  ),
  'error-event': errorAs(20, 'an event of type error after two tokens', `event: error\ndata: ${STREAM_ERROR_JSON}\n\n`),
  'error-field': errorAs(
    20,
    'a field error: after two tokens, like llama.cpp of 2025',
    `error: ${STREAM_ERROR_JSON}\n\n`,
  ),
  'error-finish': errorAs(20, 'finish_reason "error" after two tokens', `data: ${FINISH_ERROR_JSON}\n\n${DONE}`),
  'no-done': { rule: 21, sends: 'no [DONE]', rewrite: without('done') },
  'no-finish': {
    rule: 21,
    sends: 'neither finish_reason nor [DONE]',
    rewrite: (events, first) =>
      onChoices((choice) => ({ ...choice, finish_reason: null }))(without('done')(events, first), first),
  },
  'truncated-frame': {
    rule: 21,
    sends: 'an event that ends in its middle after two tokens, and a proper end of HTTP',
    fault: { kind: 'truncate', afterTokens: MID_ANSWER_TOKENS },
  },
  'data-after-done': {
    rule: 22,
    sends: 'a chunk with text after [DONE]',
    rewrite: (events) => {
      const isOver = events.some(({ kind }) => kind === 'done')
      return [...events, ...(isOver ? events.filter(({ kind }) => kind === 'chunk') : [])]
    },
  },
  'held-open': { rule: 22, sends: 'nothing more after [DONE], on a connection that stays open', ending: 'hold' },
  reset: {
    rule: 29,
    sends: 'a reset of the connection after two tokens',
    fault: { kind: 'reset', afterTokens: MID_ANSWER_TOKENS },
  },
  'half-close': {
    rule: 29,
    sends: 'the end of its half of the connection after two tokens',
    fault: { kind: 'half-close', afterTokens: MID_ANSWER_TOKENS },
  },
  'no-terminator': {
    rule: 29,
    sends: 'all of the answer, but the end of the connection instead of the last chunk of HTTP',
    ending: 'close',
  },
  endless: {
    rule: 38,
    sends: 'tokens for ever, whatever max_tokens says',
    request: { maxTokens: Number.MAX_SAFE_INTEGER, ignoreEos: true },
  },
  'only-comments': {
    rule: 38,
    sends: 'a comment every 20 ms, and never a token',
    fault: { kind: 'stall', afterTokens: 0 },
    pingMs: 20,
  },
} satisfies Record<string, Quirk>
