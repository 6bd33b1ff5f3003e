import { type Chunk, chunkEvent, chunkOf, onChoices, onChunks, textOf, withChoices, withText } from './chunk.js'
import type { Quirk, Rewrite, StreamEvent } from './quirk.js'

/** Line and paragraph separator, next line: ends of lines to some programs, but neither to JSON nor to an event stream. */
const SEPARATORS = '\u2028\u2029\u0085'

const MAX_PADDING_CHARS = 16

/** Chats only: the text of all chunks but the one that finishes goes elsewhere in the delta. */
const hidden = (field: (text: string) => object): Rewrite =>
  onChoices((choice) =>
    choice.delta === undefined || choice.finish_reason !== null ? choice : { ...choice, delta: field(textOf(choice)) },
  )

/** The first token behind one tag, the last one behind another, and each tag in two chunks. */
const thinkTags = (open: string): Rewrite => {
  const behind = (tag: string, chunk: Chunk): Chunk[] => {
    const cut = Math.floor(tag.length / 2)
    return [
      withChoices(chunk, (choice) => ({ ...withText(choice, tag.slice(0, cut)), finish_reason: null })),
      withChoices(chunk, (choice) => withText(choice, tag.slice(cut) + textOf(choice))),
    ]
  }
  return onChunks((chunk, first) => {
    if (chunk.choices.some(({ finish_reason }) => finish_reason !== null)) return behind('</think>', chunk)
    return first && open !== '' ? behind(open, chunk) : [chunk]
  })
}

const hugeEvent = (bytes: number): Rewrite =>
  onChunks((chunk, first) => [first ? { ...chunk, audio: { data: 'A'.repeat(bytes) } } : chunk])

const beforeFirst =
  (make: (event: StreamEvent) => StreamEvent): Rewrite =>
  (events, firstStep) => {
    const chunk = events.find(({ kind }) => kind === 'chunk')
    return firstStep && chunk ? [make(chunk), ...events] : [...events]
  }

/** What chunks hold. */
export const CONTENT_QUIRKS = {
  'raw-separators': {
    rule: 6,
    sends: 'U+2028, U+2029 and U+0085, unescaped, in every text',
    rewrite: onChoices((choice) => withText(choice, textOf(choice) + SEPARATORS)),
  },
  'empty-first-chunk': {
    rule: 11,
    sends: 'a chunk with empty text before the first token',
    rewrite: beforeFirst((event) => chunkEvent(withChoices(chunkOf(event), (choice) => withText(choice, '')))),
  },
  'no-choices-first': {
    rule: 12,
    sends: 'a first chunk with choices [] and prompt_filter_results, like Azure',
    rewrite: beforeFirst((event) => chunkEvent({ ...chunkOf(event), choices: [], prompt_filter_results: [{}] })),
  },
  'filter-chunks': {
    rule: 13,
    sends: 'after every chunk one whose choice has neither delta nor text, like Azure',
    rewrite: onChunks((chunk) => [
      chunk,
      withChoices(chunk, ({ index }) => ({ index, finish_reason: null, content_filter_results: {} })),
    ]),
  },
  'null-fields': {
    rule: 13,
    sends: 'after every chunk one with null for its content, tool calls or text, and one with null for its delta',
    rewrite: onChunks((chunk) => [
      chunk,
      withChoices(chunk, ({ index, delta }) =>
        delta === undefined
          ? { index, text: null, finish_reason: null }
          : { index, delta: { content: null, tool_calls: null }, finish_reason: null },
      ),
      withChoices(chunk, ({ index }) => ({ index, delta: null, finish_reason: null })),
    ]),
  },
  reasoning: {
    rule: 14,
    sends: 'all but the last token of a chat as delta.reasoning, like vLLM',
    rewrite: hidden((reasoning) => ({ reasoning })),
  },
  'reasoning-content': {
    rule: 14,
    sends: 'all but the last token of a chat as delta.reasoning_content, like DeepSeek',
    rewrite: hidden((reasoning_content) => ({ reasoning_content })),
  },
  'thinking-parts': {
    rule: 14,
    sends: 'all but the last token of a chat as parts of type thinking, like Mistral',
    rewrite: hidden((text) => ({ content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] })),
  },
  'think-tags': {
    rule: 14,
    sends: 'all but the last token between <think> and </think>, each tag in two chunks',
    rewrite: thinkTags('<think>'),
  },
  'think-end': {
    rule: 14,
    sends: 'the same without the first tag, like DeepSeek-R1 whose template has it',
    rewrite: thinkTags(''),
  },
  'tool-calls': {
    rule: 15,
    sends: 'all text of a chat as arguments of a tool call',
    rewrite: onChoices((choice, first) => {
      const opening = first ? { id: 'call_1', type: 'function' } : {}
      const call = { index: 0, ...opening, function: { ...(first && { name: 'look_up' }), arguments: textOf(choice) } }
      return choice.delta === undefined
        ? choice
        : { ...choice, delta: { tool_calls: [call] }, finish_reason: choice.finish_reason && 'tool_calls' }
    }),
  },
  'token-ids': { rule: 16, sends: 'token_ids in every chunk, asked for or not', request: { returnTokenIds: true } },
  'finish-only': {
    rule: 17,
    sends: 'finish_reason in a chunk of its own, with empty text',
    rewrite: onChunks((chunk) =>
      chunk.choices.every(({ finish_reason }) => finish_reason === null)
        ? [chunk]
        : [
            withChoices(chunk, (choice) => ({ ...choice, finish_reason: null })),
            withChoices(chunk, (choice) => withText(choice, '')),
          ],
    ),
  },
  'choices-together': {
    rule: 30,
    sends: 'the choices of n > 1 in one event, the last one first',
    rewrite: (events) => {
      const chunks = events.filter(({ kind }) => kind === 'chunk').map(chunkOf)
      const [first] = chunks
      if (first === undefined) return [...events]
      const together = { ...first, choices: chunks.flatMap(({ choices }) => choices).reverse() }
      const at = events.findIndex(({ kind }) => kind === 'chunk')
      const rest = events.slice(at).filter(({ kind }) => kind !== 'chunk')
      return [...events.slice(0, at), chunkEvent(together), ...rest]
    },
  },
  logprobs: { rule: 31, sends: 'twenty top_logprobs with every token, asked for or not', request: { logprobs: 20 } },
  obfuscation: {
    rule: 32,
    sends: 'padding of changing length in every chunk, like OpenAI',
    rewrite: onChunks((chunk) => {
      const text = chunk.choices.map(textOf).join('')
      return [{ ...chunk, obfuscation: 'x'.repeat(1 + ((text.length * 7) % MAX_PADDING_CHARS)) }]
    }),
  },
  'huge-event-100k': { rule: 36, sends: '100 KB more in the first chunk', rewrite: hugeEvent(100e3) },
  'huge-event-64m': { rule: 36, sends: '64 MB more in the first chunk', rewrite: hugeEvent(64e6) },
  'huge-event-100m': { rule: 36, sends: '100 MB more in the first chunk', rewrite: hugeEvent(100e6) },
} satisfies Record<string, Quirk>
