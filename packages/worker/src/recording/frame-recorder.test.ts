import { Timeline } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { FrameRecorder } from './frame-recorder.js'

/** A response that came in these reads, one millisecond after the other from 10 ms on. */
function respond(
  recorder: FrameRecorder,
  index: number,
  reads: readonly (string | Buffer)[],
  how: Partial<Timeline> = {},
): void {
  const timeline = Object.assign(new Timeline(index, null), { sentMs: 0, endMs: 100, status: 200, ...how })
  recorder.sending(timeline)
  for (const [i, read] of reads.entries()) {
    const bytes = Buffer.concat([Buffer.from('before'), Buffer.from(read), Buffer.from('after')])
    timeline.tap?.data(bytes, 10 + i, 6, bytes.length - 5)
    // The buffer of a socket is used again.
    bytes.fill(0)
  }
  recorder.finished(timeline, 'measured')
}

describe('frames', () => {
  test('are kept of the slowest answers, slowest first', () => {
    const recorder = new FrameRecorder(2, 0)
    for (const [index, endMs] of [50, 300, 20, 100, 200].entries()) respond(recorder, index, ['x'], { endMs })
    const slowest = recorder.takeSlowest()
    expect(slowest.map(({ index, latencyMs }) => [index, latencyMs])).toEqual([
      [1, 300],
      [4, 200],
    ])
    expect(recorder.takeFailed()).toEqual([])
  })

  test('are kept of the first failed requests, and given once', () => {
    const recorder = new FrameRecorder(2, 0)
    const failure = { class: 'status', message: 'HTTP 500' } as const
    for (let index = 0; index < 3; index++) respond(recorder, index, ['no'], { failure, status: 500 })
    expect(recorder.takeFailed()).toMatchObject([
      { index: 0, why: 'failed', status: 500, failure: 'status', failureMessage: 'HTTP 500' },
      { index: 1 },
    ])
    expect(recorder.takeFailed()).toEqual([])
    expect(recorder.takeSlowest()).toEqual([])
  })

  test('are not kept of what we cut off', () => {
    const recorder = new FrameRecorder(2, 0)
    respond(recorder, 0, ['x'], { censored: true })
    expect([...recorder.takeSlowest(), ...recorder.takeFailed()]).toEqual([])
  })

  test('have the bytes and the time of each read, relative to the start; a split character as base64', () => {
    const recorder = new FrameRecorder(1, 4)
    const euro = Buffer.from('€')
    respond(recorder, 0, ['data: ', euro.subarray(0, 1), euro.subarray(1)])
    expect(recorder.takeSlowest()[0]).toMatchObject({
      cut: false,
      reads: [
        { atMs: 6, bytes: 6, text: 'data: ' },
        { atMs: 7, bytes: 1, base64: '4g==' },
        { atMs: 8, bytes: 2, base64: 'gqw=' },
      ],
    })
  })

  test('beyond 64 KiB have only their sizes and times, and say so', () => {
    const recorder = new FrameRecorder(1, 0)
    respond(recorder, 0, ['a'.repeat(60_000), 'b'.repeat(10_000), 'c'])
    const [frames] = recorder.takeSlowest()
    expect(frames?.cut).toBe(true)
    expect(frames?.reads.map(({ bytes, text }) => [bytes, text?.length])).toEqual([
      [60_000, 60_000],
      [10_000, undefined],
      [1, 1],
    ])
  })

  test('of all responses that are under way take no more than 64 MiB', () => {
    const recorder = new FrameRecorder(1, 0)
    const chunk = Buffer.alloc(64 * 1024)
    const open = Array.from({ length: 1025 }, (_, i) => new Timeline(i, null))
    for (const timeline of open) {
      recorder.sending(timeline)
      timeline.tap?.data(chunk, 1, 0, chunk.length)
    }
    for (const timeline of open)
      recorder.finished(Object.assign(timeline, { sentMs: 0, endMs: timeline.index }), 'ramp')
    expect(recorder.takeSlowest()[0]).toMatchObject({ index: 1024, cut: true, reads: [{ bytes: 65536 }] })
    respond(recorder, 0, [chunk.fill('x')])
    expect(recorder.takeSlowest()[0]?.cut).toBe(false)
  })
})
