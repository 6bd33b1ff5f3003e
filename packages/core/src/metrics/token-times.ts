import { isSet } from '../request/timeline.js'
import { difference, type MeasuredRequest, type MetricDefinition, PLAIN, ratio } from './metric-definition.js'

/** The time between tokens and per token. */
export const TOKEN_TIME_METRICS = [
  {
    ...PLAIN,
    name: 'inter_token_latency',
    label: 'ITL',
    unit: 'ms',
    shown: 'always',
    meaning:
      'Gap between one event with generated content and the next of the same answer, one value per gap. An event may carry several tokens. Streams only.',
    formula: 'event(k) − event(k−1)',
    marks: ['chunkMs'],
    sameAs: [
      { tool: 'AIPerf', name: 'ICL' },
      { tool: 'inference-perf', name: 'ITL' },
    ],
    differsFrom: [
      {
        tool: 'vLLM bench',
        name: 'itl',
        how: 'has gaps to events without text too, the one that only ends the answer among them',
      },
      { tool: 'AIPerf', name: 'ITL', how: 'is the time after the first token over N − 1: see time_per_output_token' },
      { tool: 'GuideLLM', name: 'ITL', how: 'is the time after the first token over N − 1: see time_per_output_token' },
      { tool: 'llmperf', name: 'ITL', how: 'has the time to the first token inside' },
      { tool: 'TrueFoundry llm-locust', name: 'itl', how: 'is the gap between reads' },
    ],
    measure: ({ timeline }) => gaps(timeline.chunkMs),
  },
  {
    ...PLAIN,
    name: 'inter_token_latency_per_token',
    label: 'ITL per token',
    unit: 'ms',
    shown: 'telling',
    meaning:
      'The gaps of ITL shared out to tokens: an event that brings k tokens after a gap counts as k values of a k-th of it; the tokens of the first event have no gap. Tokens per event are what usage grew by, else token ids, else logprobs; where no event says, one each if there are N events for N tokens, else there is no value. Streams only.',
    formula: '(event(k) − event(k−1)) / tokens(k), tokens(k) times',
    marks: ['chunkMs', 'chunkTokens', 'chunks'],
    sameAs: [],
    differsFrom: [
      { tool: 'SGLang', name: 'ITL', how: 'takes the tokens per event from its own tokenizer' },
      { tool: 'HF inference-benchmarker', name: 'ITL', how: 'takes the tokens per event from its own tokenizer' },
    ],
    measure: gapsPerToken,
  },
  {
    ...PLAIN,
    name: 'time_per_output_token',
    label: 'TPOT',
    unit: 'ms',
    shown: 'always',
    meaning: 'Mean time per token after the first, one value per request of two tokens or more. Streams only.',
    formula: '(last token − first token) / (N − 1)',
    marks: ['firstTokenMs', 'lastTokenMs'],
    sameAs: [
      { tool: 'GuideLLM', name: 'ITL' },
      { tool: 'MLPerf LoadGen', name: 'TPOT' },
    ],
    differsFrom: [
      { tool: 'vLLM bench', name: 'tpot', how: 'begins at the first event with choices and ends where its e2el ends' },
      { tool: 'AIPerf', name: 'ITL', how: 'ends at the last event, not at the last token' },
      { tool: 'GuideLLM', name: 'TPOT', how: 'has the time to the first token inside: (last token − sent) / N' },
    ],
    measure: ({ timeline: t, tokens }) => ratio(difference(t.firstTokenMs, t.lastTokenMs), (tokens ?? 1) - 1),
  },
  {
    ...PLAIN,
    name: 'latency_per_token',
    unit: 'ms',
    table: true,
    meaning: 'Time after the first token per token, end of stream included; divides by N, not N − 1. Streams only.',
    formula: '(end − first token) / N',
    marks: ['firstTokenMs', 'endMs'],
    sameAs: [{ tool: 'llm_bench', name: 'latency_per_token' }],
    measure: ({ timeline: t, tokens }) => ratio(difference(t.firstTokenMs, t.endMs), tokens),
  },
  {
    ...PLAIN,
    name: 'overall_latency_per_token',
    unit: 'ms',
    table: true,
    meaning: 'Whole duration per token.',
    formula: '(end − sent) / N',
    marks: ['sentMs', 'endMs'],
    sameAs: [{ tool: 'llm_bench', name: 'overall_latency_per_token' }],
    measure: ({ timeline: t, tokens }) => ratio(difference(t.sentMs, t.endMs), tokens),
  },
  {
    ...PLAIN,
    name: 'latency_per_char',
    unit: 'ms',
    table: true,
    meaning: 'Time after the first token per character (code point) of generated text. Streams only.',
    formula: '(end − first token) / characters',
    marks: ['firstTokenMs', 'endMs', 'chars'],
    sameAs: [{ tool: 'llm_bench', name: 'latency_per_char' }],
    measure: ({ timeline: t }) => ratio(difference(t.firstTokenMs, t.endMs), t.chars),
  },
] as const satisfies readonly MetricDefinition[]

/** The parts of an answer that thinks first. */
export const REASONING_METRICS = [
  {
    ...PLAIN,
    name: 'reasoning_duration',
    label: 'Reasoning',
    unit: 'ms',
    shown: 'telling',
    meaning: 'From the first event with reasoning to the first with visible text. Only where both were seen.',
    formula: 'first visible − first reasoning',
    marks: ['firstReasoningMs', 'firstVisibleMs'],
    measure: ({ timeline: t }) =>
      t.firstReasoningMs < t.firstVisibleMs ? difference(t.firstReasoningMs, t.firstVisibleMs) : [],
  },
  {
    ...PLAIN,
    name: 'visible_duration',
    label: 'Visible part',
    unit: 'ms',
    meaning: 'From the first visible text to the last token. Only where reasoning was seen too.',
    formula: 'last token − first visible',
    marks: ['firstReasoningMs', 'firstVisibleMs', 'lastTokenMs'],
    measure: ({ timeline: t }) => (isSet(t.firstReasoningMs) ? difference(t.firstVisibleMs, t.lastTokenMs) : []),
  },
] as const satisfies readonly MetricDefinition[]

/** Made in its full length at once: what an array leaves behind as it grows was a fifth of all garbage of a worker. */
function gaps(instantsMs: readonly number[]): number[] {
  const values = instantsMs.slice(1)
  for (let k = 0; k < values.length; k++) values[k] = (values[k] ?? Number.NaN) - (instantsMs[k] ?? Number.NaN)
  return values
}

/** A gap before an event without tokens of its own belongs to the next that has some. */
function gapsPerToken({ timeline, tokens }: MeasuredRequest): number[] {
  const { chunkMs, chunkTokens, chunks } = timeline
  if (chunkTokens.length === 0) return chunks === tokens && chunks === chunkMs.length ? gaps(chunkMs) : []
  const values: number[] = []
  let sinceMs = chunkMs[0] ?? Number.NaN
  for (let k = 1; k < chunkMs.length; k++) {
    const count = chunkTokens[k] ?? 0
    if (count === 0) continue
    const gapMs = (chunkMs[k] ?? Number.NaN) - sinceMs
    for (let token = 0; token < count; token++) values.push(gapMs / count)
    sinceMs = chunkMs[k] ?? Number.NaN
  }
  return values
}
