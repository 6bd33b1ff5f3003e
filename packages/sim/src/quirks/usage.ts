import { chunkEvent, chunkOf, without } from './chunk.js'
import type { Quirk, Rewrite, StreamEvent } from './quirk.js'

const inUsage =
  (change: (text: string) => string): Rewrite =>
  (events) =>
    events.map((event) => (event.kind === 'usage' ? { kind: 'usage', text: change(event.text) } : event))

/** More than the tokens that were sent. */
const SURPLUS_TOKENS = 3

const COMPLETION_TOKENS = /"completion_tokens":(\d+)/
const PROMPT_TOKENS = /"prompt_tokens":(\d+)/

const withTokens = (tokens: (sent: number) => string): Rewrite =>
  inUsage((text) => text.replace(COMPLETION_TOKENS, (_, sent) => `"completion_tokens":${tokens(Number(sent))}`))

/** The last chunk has the usage, which does not come by itself. */
function mergeUsage(events: readonly StreamEvent[]): StreamEvent[] {
  const usage = events.find(({ kind }) => kind === 'usage')
  if (usage === undefined) return [...events]
  const last = events.findLastIndex(({ kind }) => kind === 'chunk')
  return events.flatMap((event, i) => {
    if (event === usage) return []
    return [i === last ? chunkEvent({ ...chunkOf(event), usage: chunkOf(usage).usage }) : event]
  })
}

/** Where usage stands and what it says. */
export const USAGE_QUIRKS = {
  'no-usage': {
    rule: 18,
    sends: 'no usage, asked for or not',
    request: { includeUsage: false, continuousUsage: false },
  },
  'usage-every-chunk': {
    rule: 18,
    sends: 'the usage so far in every chunk, asked for or not',
    request: { includeUsage: true, continuousUsage: true },
  },
  'usage-with-finish': { rule: 18, sends: 'usage in the chunk with finish_reason', rewrite: mergeUsage },
  'usage-with-choices': {
    rule: 18,
    sends: 'usage in a chunk with a choice that is empty, like LiteLLM',
    rewrite: inUsage((text) => text.replace('"choices":[]', '"choices":[{"index":0,"text":"","delta":{}}]')),
  },
  'usage-after-done': {
    rule: 18,
    sends: 'usage after [DONE]',
    rewrite: (events) => [...without('usage')(events, false), ...events.filter(({ kind }) => kind === 'usage')],
  },
  'usage-differs': {
    rule: 19,
    sends: `${SURPLUS_TOKENS} tokens more in usage than in the text`,
    rewrite: withTokens((sent) => String(sent + SURPLUS_TOKENS)),
  },
  'prompt-usage-differs': {
    rule: 19,
    sends: `${SURPLUS_TOKENS} prompt tokens more in usage than /tokenize counts`,
    rewrite: inUsage((text) =>
      text.replace(PROMPT_TOKENS, (_, counted) => `"prompt_tokens":${Number(counted) + SURPLUS_TOKENS}`),
    ),
  },
  'negative-usage': {
    rule: 19,
    sends: 'a negative number of tokens in usage',
    rewrite: withTokens((sent) => String(-sent)),
  },
  'nan-usage': { rule: 19, sends: 'NaN for the tokens in usage, which is no JSON', rewrite: withTokens(() => 'NaN') },
} satisfies Record<string, Quirk>
