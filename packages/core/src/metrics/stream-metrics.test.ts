import { describe, expect, test } from 'vitest'
import { vllm } from '../endpoint/openai.js'
import { Timeline } from '../request/timeline.js'
import { countTokens } from '../request/token-count.js'
import { ResponseReader } from '../stream/response-reader.js'
import { METRICS, type MetricName } from './definitions.js'

type Event = readonly [atS: number, data: object | '[DONE]']

const text = (piece: string, more: object = {}) => ({ choices: [{ index: 0, text: piece, ...more }] })
const delta = (fields: object, more: object = {}) => ({ choices: [{ index: 0, delta: fields, ...more }] })
const total = (prompt_tokens: number, completion_tokens: number) => ({ prompt_tokens, completion_tokens })
const usage = (prompt: number, completion: number) => ({ choices: [], usage: total(prompt, completion) })

/** Metrics of a stream that our own reader read, each event in a read of its own, sent at 0. */
function metricsOf(events: readonly Event[]) {
  const timeline = new Timeline(0, null)
  timeline.sentMs = 0
  const reader = new ResponseReader(timeline, {
    endpoint: vllm,
    stream: true,
    maxTokens: 9,
    n: 1,
    keepText: false,
    thinkTags: false,
  })
  reader.headers(200, 'text/event-stream', 1)
  for (const [atS, data] of events) {
    reader.data(Buffer.from(`data: ${data === '[DONE]' ? data : JSON.stringify(data)}\n\n`), atS * 1000)
  }
  reader.end((events.at(-1)?.[0] ?? 0) * 1000)
  const request = { timeline, tokens: countTokens(timeline)?.tokens ?? null, promptTokens: null, stream: true }
  return (name: MetricName): number[] => {
    const measured = METRICS.find((metric) => metric.name === name)?.measure(request) ?? []
    return (typeof measured === 'number' ? [measured] : measured)
      .filter((value) => !Number.isNaN(value))
      .map((value) => Number(value.toFixed(6)))
  }
}

/** Recorded from vLLM's own benchmark client; `ttft` and `latency` are its numbers. */
const STREAMS: { story: string; events: Event[]; ttft: number; ours: number; itl: number[] }[] = [
  {
    story: 'completions with an empty event in the middle',
    events: [
      ...([
        [0.1, text('A')],
        [0.12, text('')],
        [0.15, text('B')],
        [0.16, text('', { finish_reason: 'stop' })],
      ] as Event[]),
      ...([
        [0.17, usage(12, 3)],
        [0.175, '[DONE]'],
      ] as Event[]),
    ],
    ...{ ttft: 100, ours: 100, itl: [50] },
  },
  {
    story: 'chat whose first event names the role: its first event with choices is no token',
    events: [
      ...([
        [0.09, delta({ role: 'assistant', content: '' })],
        [0.1, delta({ content: 'A' })],
      ] as Event[]),
      ...([
        [0.15, delta({ content: 'B' })],
        [0.16, delta({}, { finish_reason: 'stop' })],
      ] as Event[]),
      ...([
        [0.17, usage(12, 3)],
        [0.175, '[DONE]'],
      ] as Event[]),
    ],
    ...{ ttft: 90, ours: 100, itl: [50] },
  },
  {
    story: 'chat that thinks',
    events: [
      ...([
        [0.09, delta({ role: 'assistant' })],
        [0.1, delta({ reasoning_content: 'h' })],
      ] as Event[]),
      ...([
        [0.2, delta({ reasoning_content: 'm' })],
        [0.3, delta({ content: 'B' })],
        [0.31, usage(1, 3)],
      ] as Event[]),
    ],
    ...{ ttft: 90, ours: 100, itl: [100, 100] },
  },
]

describe('streams that vLLM’s benchmark was shown', () => {
  test.each(STREAMS)('$story', ({ events, ttft, ours, itl }) => {
    const metric = metricsOf(events)
    expect(metric('time_to_first_choices')).toEqual([ttft])
    expect(metric('time_to_first_token')).toEqual([ours])
    expect(metric('inter_token_latency')).toEqual(itl)
  })

  test('an event of three tokens: 40 ms per event, 20 ms per token, whatever the event holds', () => {
    const metric = metricsOf([
      [0.1, text('A')],
      [0.14, text('BCD')],
      [0.18, text('E')],
      [0.18, usage(1, 5)],
    ])
    expect(metric('inter_token_latency')).toEqual([40, 40])
    expect(metric('time_per_output_token')).toEqual([20])
    expect(metric('inter_token_latency_per_token')).toEqual([])
  })
})

describe('tokens per event come from', () => {
  const PER_TOKEN = [13.333333, 13.333333, 13.333333, 40]
  const ids = (list: number[]) => ({ token_ids: list })
  const logprobs = (tokens: string[]) => ({ logprobs: { tokens } })
  test.each<{ story: string; events: Event[]; gaps: number[] }>([
    {
      story: 'usage that grows with every event',
      events: [
        [0.1, { ...text('A'), usage: total(1, 1) }],
        [0.14, { ...text('BCD'), usage: total(1, 4) }],
        [0.18, { ...text('E'), usage: total(1, 5) }],
      ],
      gaps: PER_TOKEN,
    },
    {
      story: 'token ids',
      events: [
        [0.1, text('A', ids([7]))],
        [0.14, text('BCD', ids([7, 8, 9]))],
        [0.18, text('E', ids([7]))],
      ],
      gaps: PER_TOKEN,
    },
    {
      story: 'logprobs',
      events: [
        [0.1, text('A', logprobs(['A']))],
        [0.14, text('BCD', logprobs(['B', 'C', 'D']))],
        [0.18, text('E', logprobs(['E']))],
      ],
      gaps: PER_TOKEN,
    },
    {
      story: 'token ids before a usage that only comes with the last text',
      events: [
        [0.1, text('A', ids([7]))],
        [0.14, text('BCD', ids([7, 8, 9]))],
        [0.18, { ...text('E', ids([7])), usage: total(1, 5) }],
      ],
      gaps: PER_TOKEN,
    },
    {
      story: 'usage that stands still for an event: its gap is shared by the tokens of the next',
      events: [
        [0.1, { ...text('A'), usage: total(1, 1) }],
        [0.14, { ...text('B'), usage: total(1, 1) }],
        [0.18, { ...text('C'), usage: total(1, 3) }],
      ],
      gaps: [40, 40],
    },
    {
      story: 'nothing, if only the last event has a usage',
      events: [
        [0.1, text('A')],
        [0.14, text('BCD')],
        [0.18, { ...text('E'), usage: total(1, 5) }],
      ],
      gaps: [],
    },
  ])('$story', ({ events, gaps }) => {
    const metric = metricsOf([...events, [0.18, text('', { finish_reason: 'stop' })]])
    expect(metric('inter_token_latency_per_token')).toEqual(gaps)
  })
})
