import { difference, type MetricDefinition, PLAIN, ratio } from './metric-definition.js'

/** Tokens of a request, and how fast they came. */
export const AMOUNT_METRICS = [
  {
    ...PLAIN,
    name: 'tokens_per_second',
    label: 'Tokens/s per request',
    unit: 'tokens/s',
    shown: 'always',
    meaning: 'Generated tokens of a request over its whole duration.',
    formula: 'N / (end − sent)',
    marks: ['sentMs', 'endMs'],
    sameAs: [{ tool: 'llm_bench', name: 'tokens_per_second' }],
    measure: ({ timeline: t, tokens }) => ratio((tokens ?? Number.NaN) * 1000, difference(t.sentMs, t.endMs)),
  },
  {
    ...PLAIN,
    name: 'num_tokens',
    unit: 'tokens',
    table: true,
    meaning: 'Generated tokens of a request.',
    formula: 'N',
    marks: ['completionTokens', 'logprobTokens', 'idTokens', 'text', 'chunks'],
    sameAs: [{ tool: 'llm_bench', name: 'num_tokens' }],
    differsFrom: [{ tool: 'llm_bench', name: 'num_tokens', how: 'takes logprobs before usage' }],
    measure: ({ tokens }) => tokens || Number.NaN,
  },
  {
    ...PLAIN,
    name: 'completion_tokens',
    unit: 'tokens',
    table: true,
    meaning: 'The same as num_tokens, under the name of the API.',
    formula: 'N',
    marks: ['completionTokens', 'logprobTokens', 'idTokens', 'text', 'chunks'],
    sameAs: [{ tool: 'llm_bench', name: 'completion_tokens' }],
    measure: ({ tokens }) => tokens || Number.NaN,
  },
  {
    ...PLAIN,
    name: 'generation_tokens',
    unit: 'tokens',
    table: true,
    meaning: 'The same as num_tokens, kept because sheets made from llm_bench read it.',
    formula: 'N',
    marks: ['completionTokens', 'logprobTokens', 'idTokens', 'text', 'chunks'],
    sameAs: [{ tool: 'llm_bench', name: 'generation_tokens' }],
    measure: ({ tokens }) => tokens || Number.NaN,
  },
  {
    ...PLAIN,
    name: 'prompt_tokens',
    unit: 'tokens',
    table: true,
    meaning: 'Tokens of the prompt as the server counted them, else as the workload did.',
    formula: 'usage.prompt_tokens, else the tokenizer’s count',
    marks: ['promptTokens', 'plannedPromptTokens'],
    sameAs: [{ tool: 'llm_bench', name: 'prompt_tokens' }],
    measure: ({ promptTokens }) => promptTokens || Number.NaN,
  },
  {
    ...PLAIN,
    name: 'cached_tokens',
    unit: 'tokens',
    table: true,
    meaning: 'Prompt tokens that the server took from its prefix cache, where it says so. Zero is a value.',
    formula: 'usage.prompt_tokens_details.cached_tokens',
    marks: ['cachedTokens'],
    sameAs: [{ tool: 'llm_bench', name: 'cached_tokens' }],
    measure: ({ timeline: t }) => t.cachedTokens ?? Number.NaN,
  },
] as const satisfies readonly MetricDefinition[]

/** What servers say when they refuse. */
export const REFUSAL_METRICS = [
  {
    ...PLAIN,
    name: 'retry_after',
    label: 'Retry-After',
    unit: 'ms',
    meaning: 'How long a server that refused a request asks to wait before it is sent again. Nothing is sent again.',
    formula: 'Retry-After, as seconds or as a date',
    marks: ['retryAfterS'],
    of: 'failed',
    measure: ({ timeline: t }) => (t.retryAfterS ?? Number.NaN) * 1000,
  },
] as const satisfies readonly MetricDefinition[]

/** What our own side added. */
export const SCHEDULE_METRICS = [
  {
    ...PLAIN,
    name: 'schedule_lag',
    label: 'Schedule lag',
    unit: 'ms',
    shown: 'telling',
    meaning:
      'How late requests were sent against the schedule, whatever the cause. Failed requests count too. Only with --qps.',
    formula: 'sent − intended',
    marks: ['intendedMs', 'sentMs'],
    sameAs: [{ tool: 'MLPerf LoadGen', name: 'issue_delay' }],
    of: 'sent',
    measure: ({ timeline: t }) => difference(t.intendedMs, t.sentMs),
  },
] as const satisfies readonly MetricDefinition[]
