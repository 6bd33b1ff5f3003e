import { describe, expect, test } from 'vitest'
import { Timeline } from '../request/timeline.js'
import { METRIC_FAMILIES, METRICS, type MetricName } from './definitions.js'
import type { MeasuredRequest, MetricDefinition } from './metric-definition.js'

const metrics: readonly MetricDefinition[] = METRICS

/** What a request has of a metric. */
function values(name: MetricName, timeline: Partial<Timeline>, counts: Partial<MeasuredRequest> = {}): number[] {
  const request = { tokens: null, promptTokens: null, stream: true, ...counts }
  const metric = metrics.find((candidate) => candidate.name === name)
  const measured = metric?.measure({ ...request, timeline: Object.assign(new Timeline(0, null), timeline) }) ?? []
  return (typeof measured === 'number' ? [measured] : measured).filter((value) => !Number.isNaN(value))
}

describe('the table', () => {
  test('has every metric in one family, under one name', () => {
    expect(
      Object.values(METRIC_FAMILIES)
        .flat()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(metrics.map(({ name }) => name).sort())
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length)
  })

  test('has no label twice, and none that is too wide for the metrics block if it stands there', () => {
    const labels = metrics.flatMap(({ label }) => label ?? [])
    expect(new Set(labels).size).toBe(labels.length)
    const shown = metrics.filter(({ shown }) => shown !== 'report')
    expect(shown.filter(({ label }) => label === null)).toEqual([])
    for (const { name, label } of shown.filter(({ name }) => !name.startsWith('time_to_first_visible'))) {
      expect(label?.length, name).toBeLessThanOrEqual(20)
    }
  })

  test.each(metrics.map((metric) => [metric.name, metric] as const))(
    '%s is explained, by marks that there are',
    (_, metric) => {
      const timeline = new Timeline(0, null)
      expect(metric.marks.filter((mark) => !(mark in timeline))).toEqual([])
      expect(metric.marks.length).toBeGreaterThan(0)
      expect(metric.meaning).toMatch(/^[A-Z].*\.$/)
      expect(metric.formula).not.toBe('')
    },
  )

  test.each(metrics.map((metric) => [metric.name, metric] as const))(
    '%s has no value, and no zero, where nothing was reached',
    (_, metric) => {
      const request = { timeline: new Timeline(0, null), tokens: null, promptTokens: null, stream: true }
      const measured = metric.measure(request)
      expect(typeof measured === 'number' ? [measured].filter((value) => !Number.isNaN(value)) : measured).toEqual([])
    },
  )
})

/** Chat that thinks, then speaks; every mark at an instant of its own. */
const THINKING: Partial<Timeline> = {
  intendedMs: 900,
  sentMs: 1000,
  headersMs: 1010,
  firstByteMs: 1020,
  firstEventMs: 1030,
  firstChoicesMs: 1040,
  firstTokenMs: 1050,
  firstReasoningMs: 1050,
  firstVisibleMs: 1250,
  lastTokenMs: 1450,
  usageMs: 1460,
  doneMs: 1470,
  endMs: 1500,
}

test.each<[MetricName, number]>([
  ['time_to_headers', 10],
  ['time_to_first_byte', 20],
  ['time_to_first_event', 30],
  ['time_to_first_choices', 40],
  ['time_to_first_token', 50],
  ['time_to_first_visible_token', 250],
  ['time_to_last_token', 450],
  ['time_to_usage', 460],
  ['time_to_done', 470],
  ['total_latency', 500],
  ['time_to_first_byte_from_intended', 120],
  ['time_to_first_token_from_intended', 150],
  ['time_to_done_from_intended', 570],
  ['total_latency_from_intended', 600],
  ['reasoning_duration', 200],
  ['visible_duration', 200],
  ['schedule_lag', 100],
  ['time_per_output_token', 40], // 400 ms for the ten tokens after the first
  ['tokens_per_second', 22],
])('of a chat that thinks first, %s is %d', (name, value) => {
  expect(values(name, THINKING, { tokens: 11 })).toEqual([value])
})

describe('reasoning', () => {
  test.each<{ story: string; timeline: Partial<Timeline> }>([
    { story: 'an answer that did not think', timeline: { ...THINKING, firstReasoningMs: Number.NaN } },
    { story: 'one that only thought', timeline: { ...THINKING, firstVisibleMs: Number.NaN } },
    { story: 'one whose first event had both', timeline: { ...THINKING, firstVisibleMs: 1050 } },
  ])('$story has no duration of it', ({ timeline }) => {
    expect(values('reasoning_duration', timeline)).toEqual([])
  })
})

describe('gaps per token', () => {
  const stream = (chunkMs: number[], chunkTokens: number[]): Partial<Timeline> => ({
    chunkMs,
    chunkTokens,
    chunks: chunkMs.length,
  })
  test.each<{ story: string; timeline: Partial<Timeline>; tokens: number | null; gaps: number[] }>([
    {
      story: 'three tokens share one gap',
      timeline: stream([100, 140, 180], [1, 4, 1]),
      tokens: 6,
      gaps: [10, 10, 10, 10, 40],
    },
    { story: 'those of the first event have none', timeline: stream([100, 140], [3, 1]), tokens: 4, gaps: [40] },
    {
      story: 'the gap before an event without tokens belongs to the next',
      timeline: stream([100, 110, 130], [1, 0, 2]),
      tokens: 3,
      gaps: [15, 15],
    },
    {
      story: 'as many events as tokens are one each',
      timeline: stream([100, 110, 130], []),
      tokens: 3,
      gaps: [10, 20],
    },
    {
      story: 'fewer events than tokens, and none says how many',
      timeline: stream([100, 110], []),
      tokens: 5,
      gaps: [],
    },
    { story: 'nothing counts the tokens', timeline: stream([100, 110], []), tokens: null, gaps: [] },
    {
      story: 'of two answers only the first has instants',
      timeline: { chunkMs: [100, 110], chunks: 4 },
      tokens: 4,
      gaps: [],
    },
  ])('$story', ({ timeline, tokens, gaps }) => {
    expect(values('inter_token_latency_per_token', timeline, { tokens })).toEqual(gaps)
  })
})

/** Requests as vLLM's benchmark describes them, in seconds; its own numbers of them, in ms. */
interface VllmRequest {
  readonly ttft: number
  readonly itl: readonly number[]
  readonly latency: number
  readonly tokens: number
}

function timelineOf({ ttft, itl, latency }: VllmRequest): Partial<Timeline> {
  let atMs = 1000 + ttft * 1000
  const chunkMs = [atMs]
  for (const gap of itl) {
    atMs += gap * 1000
    chunkMs.push(atMs)
  }
  const endMs = 1000 + latency * 1000
  return {
    sentMs: 1000,
    firstChoicesMs: chunkMs[0] ?? 0,
    firstTokenMs: chunkMs[0] ?? 0,
    lastTokenMs: endMs,
    endMs,
    chunkMs,
  }
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length

const times = (n: number, gap: number): number[] => Array(n).fill(gap)

describe('numbers of vLLM’s benchmark for the same requests', () => {
  test.each<{ story: string; requests: VllmRequest[]; ttft: number; tpot: number; itl: number; e2e: number }>([
    {
      story: 'the example of its documentation',
      requests: [{ ttft: 0.1, itl: [0.04, 0.04], latency: 0.18, tokens: 5 }],
      ...{ ttft: 100, tpot: 20, itl: 40, e2e: 180 },
    },
    {
      story: 'TPOT has no value for a single token',
      requests: [
        { ttft: 0.25, itl: times(6, 0.125), latency: 1, tokens: 7 },
        { ttft: 0.25, itl: times(2, 0.25), latency: 0.75, tokens: 3 },
        { ttft: 0.5, itl: [], latency: 0.5, tokens: 1 },
      ],
      ...{ ttft: 333.333333, tpot: 187.5, itl: 156.25, e2e: 750 },
    },
    {
      story: 'TPOT counts requests alike, ITL pools all gaps',
      requests: [
        { ttft: 0.1, itl: [0.05], latency: 0.15, tokens: 2 },
        { ttft: 0.1, itl: times(100, 0.01), latency: 1.1, tokens: 101 },
      ],
      ...{ ttft: 100, tpot: 30, itl: 10.396039604, e2e: 625 },
    },
    {
      story: 'four tokens an event',
      requests: [{ ttft: 0.125, itl: times(24, 0.03125), latency: 0.875, tokens: 100 }],
      ...{ ttft: 125, tpot: 7.575757576, itl: 31.25, e2e: 875 },
    },
  ])('$story', ({ requests, ttft, tpot, itl, e2e }) => {
    const pooled = (name: MetricName): number =>
      mean(requests.flatMap((request) => values(name, timelineOf(request), { tokens: request.tokens })))
    expect(pooled('time_to_first_choices')).toBeCloseTo(ttft, 5)
    expect(pooled('time_per_output_token')).toBeCloseTo(tpot, 5)
    expect(pooled('inter_token_latency')).toBeCloseTo(itl, 5)
    expect(pooled('total_latency')).toBeCloseTo(e2e, 5)
  })
})
