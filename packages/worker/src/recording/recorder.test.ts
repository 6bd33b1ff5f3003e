import { type MetricName, systemClock, Timeline } from '@llmload/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { Recorder } from './recorder.js'

const WINDOW_FROM_MS = 1000

const warnings: string[] = []
const warn = (message: string): void => void warnings.push(message)
beforeEach(() => {
  warnings.length = 0
})

const recorderOf = (stream = true, stagesFromMs: readonly number[] = []): Recorder =>
  new Recorder({
    clock: systemClock(),
    stream,
    path: '/v1/completions',
    measuredFromMs: WINDOW_FROM_MS,
    stagesFromMs,
    warn,
  })

function timelineOf(marks: Partial<Timeline>): Timeline {
  return Object.assign(new Timeline(0, 10), marks)
}

/** A good answer of two tokens, with its marks counted from its sending. */
const answered = (sentMs: number, more: Partial<Timeline> = {}): Timeline =>
  timelineOf({
    ...{ sentMs, headersMs: sentMs + 10, firstByteMs: sentMs + 20, firstEventMs: sentMs + 20 },
    ...{
      firstChoicesMs: sentMs + 20,
      firstTokenMs: sentMs + 20,
      firstVisibleMs: sentMs + 20,
      lastTokenMs: sentMs + 30,
    },
    ...{ endMs: sentMs + 40, chunkMs: [sentMs + 20, sentMs + 30], chunks: 2, completionTokens: 2, promptTokens: 10 },
    ...more,
  })

/** Cut off 500 ms after it was sent, with the marks that it had reached. */
const cut = (sentMs: number, reached: Partial<Timeline> = {}): Timeline =>
  timelineOf({ sentMs, endMs: sentMs + 500, censored: true, ...reached })

function record(recorder: Recorder, ...timelines: Timeline[]): void {
  for (const timeline of timelines) {
    recorder.sent(timeline)
    recorder.finished(timeline, null)
  }
}

describe('a request belongs to the window', () => {
  test.each<{ story: string; marks: Partial<Timeline>; measured: boolean }>([
    { story: 'if it was sent in it, where nothing was planned', marks: { sentMs: 1000 }, measured: true },
    { story: 'not if it was sent before', marks: { sentMs: 999.9 }, measured: false },
    { story: 'if it was due in it', marks: { intendedMs: 1000, sentMs: 1000.4 }, measured: true },
    {
      story: 'not if it was due before, however late it was sent',
      marks: { intendedMs: 999, sentMs: 1700 },
      measured: false,
    },
  ])('$story', ({ marks, measured }) => {
    const recorder = recorderOf()
    record(recorder, answered(marks.sentMs ?? 0, marks))
    const { counts } = measured ? recorder.measured : recorder.ramp
    expect(counts).toMatchObject({ sent: 1, succeeded: 1 })
    expect((measured ? recorder.ramp : recorder.measured).counts.sent).toBe(0)
  })

  test('if it was due in it and never sent; one that was late counts where it was due', () => {
    const recorder = recorderOf()
    recorder.unsent(1500, 2000)
    recorder.late(999)
    recorder.late(1001)
    expect(recorder.measured.counts).toMatchObject({ unsent: 1, late: 1 })
    expect(recorder.ramp.counts.late).toBe(1)
  })
})

describe('a request that was cut off', () => {
  const known = (recorder: Recorder, name: MetricName): number => recorder.measured.histogram(name).count
  const ages = (recorder: Recorder, name: MetricName) => recorder.measured.ages(name)

  test('before any answer has a latency of at least its age, to every mark that an answer surely has', () => {
    const recorder = recorderOf()
    record(recorder, cut(2000))
    for (const name of ['time_to_headers', 'time_to_first_token', 'total_latency'] as const) {
      expect([known(recorder, name), ages(recorder, name).count, ages(recorder, name).min]).toEqual([0, 1, 500_000])
    }
    for (const name of ['time_to_first_visible_token', 'time_to_usage', 'time_to_done'] as const) {
      expect(ages(recorder, name).count).toBe(0)
    }
    expect(ages(recorder, 'total_latency_from_intended').count).toBe(0)
  })

  test('in the middle keeps what it had reached, but for the tables, and is open to its end', () => {
    const recorder = recorderOf()
    record(recorder, answered(2000), cut(2000, { headersMs: 2010, firstTokenMs: 2200 }))
    expect(recorder.measured.histogram('time_to_first_token').max).toBe(200_000)
    expect([known(recorder, 'time_to_first_token'), known(recorder, 'total_latency')]).toEqual([2, 1])
    expect([ages(recorder, 'time_to_first_token').count, ages(recorder, 'total_latency').count]).toEqual([0, 1])
    expect(recorder.measured.entry('METRIC', 'time_to_first_token').numRequests).toBe(1)
    expect(recorder.measured.entry('POST', '/v1/completions').numRequests).toBe(1)
    expect(recorder.measured.counts).toMatchObject({ sent: 2, succeeded: 1, censored: 1 })
  })

  test('is older from the instant at which it was due', () => {
    const recorder = recorderOf()
    record(recorder, cut(2000, { intendedMs: 1900 }))
    expect(ages(recorder, 'total_latency_from_intended').min).toBe(600_000)
  })

  test('of a run without streams has no first token that it could be late with', () => {
    const recorder = recorderOf(false)
    record(recorder, cut(2000))
    expect(ages(recorder, 'time_to_first_token').count).toBe(0)
    expect(ages(recorder, 'total_latency').count).toBe(1)
  })
})

test('an arrival that was never sent bounds what is counted from the schedule, and nothing else', () => {
  const recorder = recorderOf()
  recorder.unsent(1500, 2000)
  for (const name of ['schedule_lag', 'total_latency_from_intended', 'time_to_first_token_from_intended'] as const) {
    expect([recorder.measured.ages(name).count, recorder.measured.ages(name).min]).toEqual([1, 500_000])
  }
  for (const name of ['total_latency', 'time_to_first_token', 'time_to_done_from_intended'] as const) {
    expect(recorder.measured.ages(name).count).toBe(0)
  }
})

test('a failed request has no latency, known or bounded', () => {
  const recorder = recorderOf()
  record(recorder, answered(2000, { failure: { class: 'reset', message: 'gone' } }))
  expect(recorder.measured.histogram('time_to_first_token').count).toBe(0)
  expect(recorder.measured.ages('total_latency').count).toBe(0)
})

describe('what was odd about requests is counted', () => {
  test.each<{ story: string; marks: Partial<Timeline>; oddities: object }>([
    { story: 'nothing', marks: {}, oddities: {} },
    { story: 'a whole answer', marks: { notStreamed: true }, oddities: { not_streamed: 1 } },
    { story: 'a compressed one', marks: { contentEncoding: 'br' }, oddities: { compressed: 1 } },
    {
      story: 'one without [DONE], sent a second time',
      marks: { withoutDone: true, resent: true },
      oddities: { without_done: 1, resent: 1 },
    },
    {
      story: 'one that failed',
      marks: { contentEncoding: 'gzip', failure: { class: 'parse', message: 'x' } },
      oddities: { compressed: 1 },
    },
    { story: 'one that was cut off', marks: { resent: true, censored: true }, oddities: { resent: 1 } },
  ])('$story', ({ marks, oddities }) => {
    const recorder = recorderOf()
    record(recorder, answered(2000, marks))
    expect(Object.fromEntries(recorder.measured.oddities)).toEqual(oddities)
  })

  test('and how long servers ask to wait', () => {
    const recorder = recorderOf()
    const refused = { failure: { class: 'shed', message: 'HTTP 429' } } as const
    record(recorder, answered(2000, { ...refused, retryAfterS: 1.5 }), answered(2000, { ...refused, retryAfterS: 3e9 }))
    record(recorder, answered(2000, refused))
    const { count, min, max } = recorder.measured.histogram('retry_after')
    expect({ count, min, max }).toEqual({ count: 2, min: 1.5e6, max: 3e15 })
  })
})

describe('tokens that both sides count are compared', () => {
  test('in prompts, where ours is no estimate, with one warning', () => {
    const recorder = recorderOf()
    record(recorder, answered(2000), answered(2000, { promptTokens: 8 }), answered(2000, { promptTokens: 13 }))
    record(recorder, answered(2000, { promptTokens: null }))
    record(recorder, Object.assign(new Timeline(0, null), answered(2000), { plannedPromptTokens: null }))
    expect(recorder.measured.tokenChecks.get('prompt')).toEqual({
      ...{ requests: 3, different: 2, own: 30, server: 31, leastSurplus: -2, mostSurplus: 3 },
    })
    expect(warnings).toEqual([
      expect.stringMatching(/^the server counted 8 tokens in a prompt that was made for 10: it has another tokenizer/),
    ])
  })

  test('in answers, where a tokenizer counts them too', () => {
    const recorder = recorderOf()
    const timeline = answered(2000, { completionTokens: 5 })
    recorder.finished(timeline, 4)
    recorder.finished(timeline, null)
    const once = { requests: 1, different: 1, own: 4, server: 5, leastSurplus: 1, mostSurplus: 1 }
    expect(recorder.measured.tokenChecks.get('answer')).toEqual(once)
  })

  test('and travel to another Stats', () => {
    const [here, there] = [recorderOf(), recorderOf()]
    record(here, answered(2000, { promptTokens: 8, resent: true }))
    record(there, answered(2000, { promptTokens: 11, resent: true }))
    const data = here.measured.takeData()
    if (data) there.measured.merge(data)
    expect(there.measured.tokenChecks.get('prompt')).toEqual({
      ...{ requests: 2, different: 2, own: 20, server: 19, leastSurplus: -2, mostSurplus: 1 },
    })
    expect(there.measured.oddities.get('resent')).toBe(2)
    expect(here.measured.takeData()).toBeNull()
    expect(here.measured.tokenChecks.size + here.measured.oddities.size).toBe(0)
  })
})

test('what was recorded travels to another Stats and means the same there', () => {
  const recorder = recorderOf()
  record(recorder, answered(2000), cut(2000))
  const { measured } = recorder
  const before = [measured.histogram('total_latency').mean, measured.ages('total_latency').max]
  const data = measured.takeData()
  expect(Object.keys(data?.ages ?? {})).toContain('total_latency')
  expect(measured.takeData()).toBeNull()
  if (data) measured.merge(data)
  expect([measured.histogram('total_latency').mean, measured.ages('total_latency').max]).toEqual(before)
})

test('with stages a measured request is counted in its own stage too, by when it was due', () => {
  const recorder = recorderOf(true, [WINDOW_FROM_MS, WINDOW_FROM_MS + 1000])
  const finish = (intendedMs: number): void => {
    const timeline = timelineOf({ intendedMs, sentMs: intendedMs + 900, endMs: intendedMs + 950 })
    recorder.sent(timeline)
    recorder.finished(timeline, null)
  }
  finish(WINDOW_FROM_MS - 1)
  finish(WINDOW_FROM_MS + 500) // sent when the second stage had begun
  finish(WINDOW_FROM_MS + 1000)
  finish(WINDOW_FROM_MS + 5000)
  recorder.late(WINDOW_FROM_MS + 1)
  recorder.unsent(WINDOW_FROM_MS + 2000, WINDOW_FROM_MS + 3000)
  expect(recorder.ramp.counts).toMatchObject({ sent: 1 })
  expect(recorder.measured.counts).toMatchObject({ sent: 3, succeeded: 3, late: 1, unsent: 1 })
  expect(recorder.stages.map(({ counts }) => counts)).toMatchObject([
    { sent: 1, succeeded: 1, late: 1, unsent: 0 },
    { sent: 2, succeeded: 2, late: 0, unsent: 1 },
  ])
})
