import { fromBothStarts, type MetricDefinition } from './metric-definition.js'

/** When the server began to answer: headers, and the five meanings of "first token". */
export const FIRST_TOKEN_METRICS = [
  ...fromBothStarts({
    name: 'time_to_headers',
    label: 'Headers',
    shown: 'report',
    meaning: 'From sending the request to status and headers of the answer. It is the POST row of a streaming run.',
    mark: 'headers',
    to: 'headersMs',
    surely: 'all',
    sameAs: [{ tool: 'llm_bench', name: 'the POST row when streaming' }],
    differsFrom: [],
  }),
  ...fromBothStarts({
    name: 'time_to_first_byte',
    label: 'TTFT: first byte',
    shown: 'report',
    meaning: 'From sending the request to the first read that brought bytes of the body, whatever they are.',
    mark: 'first byte',
    to: 'firstByteMs',
    surely: 'all',
    sameAs: [{ tool: 'TrueFoundry llm-locust', name: 'ttft' }],
    differsFrom: [],
  }),
  ...fromBothStarts({
    name: 'time_to_first_event',
    label: 'TTFT: first event',
    shown: 'report',
    meaning: 'From sending the request to the first complete event of the stream, whatever it holds. Streams only.',
    mark: 'first event',
    to: 'firstEventMs',
    surely: 'streams',
    sameAs: [{ tool: 'xk6-sse example', name: 'first event' }],
    differsFrom: [],
  }),
  ...fromBothStarts({
    name: 'time_to_first_choices',
    label: 'TTFT: first choices',
    shown: 'report',
    meaning:
      'From sending the request to the first event with `choices`, even without text: in chat the one that only names the role. Streams only.',
    mark: 'first choices',
    to: 'firstChoicesMs',
    surely: 'streams',
    sameAs: [
      { tool: 'vLLM bench', name: 'ttft' },
      { tool: 'EvalScope', name: 'TTFT (to version 1.11.1)' },
    ],
    differsFrom: [],
  }),
  ...fromBothStarts({
    name: 'time_to_first_token',
    label: 'TTFT',
    shown: 'always',
    table: true,
    meaning:
      'From sending the request to the first event with generated content: text, reasoning or arguments of a tool call. Streams only.',
    mark: 'first token',
    to: 'firstTokenMs',
    surely: 'streams',
    sameAs: [
      { tool: 'GuideLLM', name: 'TTFT' },
      { tool: 'AIPerf', name: 'TTFT' },
      { tool: 'SGLang', name: 'TTFT' },
      { tool: 'llm_bench', name: 'time_to_first_token' },
    ],
    differsFrom: [
      { tool: 'vLLM bench', name: 'ttft', how: 'ends at the first event with choices, even without text' },
      { tool: 'inference-perf', name: 'TTFT', how: 'passes over reasoning' },
      { tool: 'TrueFoundry llm-locust', name: 'ttft', how: 'ends at the first read of the body' },
    ],
    scheduled: [{ tool: 'MLPerf LoadGen', name: 'TTFT' }],
  }),
  ...fromBothStarts({
    name: 'time_to_first_visible_token',
    label: 'TTFT: visible',
    shown: 'telling',
    meaning:
      'From sending the request to the first event with text that is not reasoning: what a reader waits for. Streams only.',
    mark: 'first visible',
    to: 'firstVisibleMs',
    surely: 'none',
    sameAs: [
      { tool: 'GuideLLM', name: 'TTFOT' },
      { tool: 'AIPerf', name: 'TTFO' },
      { tool: 'inference-perf', name: 'TTFT' },
      { tool: 'llmperf', name: 'TTFT' },
      { tool: 'llm_bench', name: 'time_to_first_token with --first-visible-token' },
    ],
    differsFrom: [],
  }),
] as const satisfies readonly MetricDefinition[]

/** When the answer was over: the four meanings of "end to end". */
export const END_METRICS = [
  ...fromBothStarts({
    name: 'time_to_last_token',
    label: 'E2E: last token',
    shown: 'report',
    meaning: 'From sending the request to the last event with generated content. Streams only.',
    mark: 'last token',
    to: 'lastTokenMs',
    surely: 'none',
    sameAs: [],
    differsFrom: [
      {
        tool: 'vLLM bench',
        name: 'e2el of completions',
        how: 'ends at the last event with choices, which may only say why the answer ended',
      },
    ],
  }),
  ...fromBothStarts({
    name: 'time_to_usage',
    label: 'E2E: usage',
    shown: 'report',
    meaning: 'From sending the request to the last event with a usage object. Only where the server sends one.',
    mark: 'usage',
    to: 'usageMs',
    surely: 'none',
    sameAs: [{ tool: 'vLLM bench', name: 'e2el of chat, which asks for usage' }],
    differsFrom: [],
  }),
  ...fromBothStarts({
    name: 'time_to_done',
    label: 'E2E: [DONE]',
    shown: 'report',
    meaning: 'From sending the request to `[DONE]`. Only where the server sends it.',
    mark: 'done',
    to: 'doneMs',
    surely: 'none',
    sameAs: [],
    differsFrom: [],
  }),
  ...fromBothStarts({
    name: 'total_latency',
    label: 'E2E',
    shown: 'always',
    table: true,
    meaning: 'From sending the request to the end of the answer: after usage, [DONE] and the last byte.',
    mark: 'end',
    to: 'endMs',
    surely: 'all',
    sameAs: [
      { tool: 'llm_bench', name: 'total_latency' },
      { tool: 'GuideLLM', name: 'request latency' },
      { tool: 'inference-perf', name: 'request latency' },
      { tool: 'llmperf', name: 'end-to-end latency' },
    ],
    differsFrom: [
      {
        tool: 'vLLM bench',
        name: 'e2el',
        how: 'ends at the last event with choices or usage, before [DONE] and the end of the body',
      },
    ],
    scheduled: [
      { tool: 'wrk2', name: 'latency' },
      { tool: 'MLPerf LoadGen', name: 'latency' },
    ],
  }),
] as const satisfies readonly MetricDefinition[]
