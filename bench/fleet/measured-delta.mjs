import { Timeline } from '../../packages/core/dist/index.js'
import { Recorder } from '../../packages/worker/dist/recording/recorder.js'

/**
 * What a worker measures: streams of which every metric has a value, through the real recorder.
 *
 * @param {import('../../packages/core/dist/index.js').Clock} clock
 */
export function recorder(clock) {
  return new Recorder({
    clock,
    stream: true,
    path: '/v1/completions',
    measuredFromMs: 0,
    stagesFromMs: [],
    warn: () => {},
  })
}

/** Books answered requests of so many tokens each: TTFT 100 to 300 ms, 15 ms per token. */
export function answer(recorder, requests, tokens) {
  for (let i = 0; i < requests; i++) recorder.finished(started(recorder, tokens), null)
}

function started(recorder, tokens) {
  const timeline = new Timeline(0, 1000)
  timeline.intendedMs = 10 + 2 * Math.random()
  timeline.sentMs = 12 + Math.random()
  recorder.sent(timeline)
  timeline.headersMs = timeline.sentMs + 90 * spread()
  timeline.firstByteMs = timeline.headersMs + 10 * spread()
  timeline.firstEventMs = timeline.firstByteMs
  timeline.firstChoicesMs = timeline.firstEventMs
  timeline.firstTokenMs = timeline.firstEventMs + spread()
  timeline.firstVisibleMs = timeline.firstTokenMs
  timeline.chunkMs.push(timeline.firstTokenMs)
  for (let k = 1; k < tokens; k++) timeline.chunkMs.push((timeline.chunkMs.at(-1) ?? 0) + 15 * spread())
  timeline.lastTokenMs = timeline.chunkMs.at(-1) ?? 0
  timeline.usageMs = timeline.lastTokenMs + 0.1
  timeline.doneMs = timeline.usageMs + 0.1
  timeline.endMs = timeline.doneMs + 0.1
  const counts = { chunks: tokens, completionTokens: tokens, promptTokens: 1000, chars: 4 * tokens }
  return Object.assign(timeline, counts, { bodyBytes: 290 * tokens })
}

/** Around 1, as latencies are: never much less, now and then much more. */
const spread = () => Math.exp(0.25 * (Math.random() + Math.random() + Math.random() + Math.random() - 2))
