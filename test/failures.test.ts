import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder, Llmload, llmload, report, sim } from './support/llmload.js'

/** It ends with its last request, so that a machine that stands still makes it longer, and none is missing. */
const RUN = '-p 30 -o 20 --qps 60 -u 60 -r 60 -t 30s --max-requests 60'.split(' ')
const FAST = ['--ttft-ms', '10', '--itl-ms', '2']

describe('failures of the server are data', () => {
  test('every third request fails: counted, named in the error report, exit code 1', async () => {
    const { url } = await sim(...FAST, '--fail-every', '3', '--fail-status', '503')
    const { code, stdout } = await llmload(...RUN, '-H', url, '--headless')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^POST {5}\/v1\/completions +60 {3}20\(33\.33%\)/m)
    expect(stdout).toMatch(/^METRIC {3}total_latency +40 +0\(0\.00%\)/m)
    expect(stdout).toMatch(/^ +Aggregated +60 {3}20\(33\.33%\)/m)
    expect(stdout).toMatch(/^# occurrences {6}Error/m)
    expect(stdout).toMatch(/^20 +POST \/v1\/completions: HTTP 503: /m)
    expect(stdout).toMatch(/^Num Requests +: 40$/m)
  })

  test('--max-fail-ratio decides what is too many', async () => {
    const { url } = await sim(...FAST, '--fail-every', '3')
    const { code } = await llmload(...RUN, '-H', url, '--headless', '--max-fail-ratio', '0.4')
    expect(code).toBe(0)
  })

  test.each([
    { name: 'a connection cut in mid-stream', args: ['--die-every', '2'], failure: /^(reset|truncated)$/ },
    { name: 'an error event under HTTP 200', args: ['--error-every', '2'], failure: /^in_stream_error$/ },
  ])('$name is a failure, not a short answer', async ({ args, failure }) => {
    const { url } = await sim(...FAST, ...args)
    const { report: run, code } = await report(...RUN, '-H', url)
    expect(code).toBe(1)
    expect(run.requests).toMatchObject({ sent: 60, succeeded: 30, failed: 30 })
    expect(Object.keys(run.requests.failures)).toEqual([expect.stringMatching(failure)])
    expect(run.metrics.num_tokens).toMatchObject({ count: 30, min: 20 })
  })

  test('silence in mid-stream is a time-out of progress', async () => {
    const { url } = await sim(...FAST, '--stall-every', '2')
    const { report: run } = await report(...RUN, '-H', url, '--progress-timeout', '1s')
    expect(run.requests.failures).toEqual({ timeout_progress: 30 })
  })

  test('a server that stops in the middle of a run: what was measured is reported, the rest has failed', async () => {
    const { url, process } = await sim(...FAST)
    const run = new Llmload([...RUN, '-H', url, '--headless', '--json'])
    await run.says(/All users spawned/)
    await new Promise((resolve) => setTimeout(resolve, 500))
    process.signal('SIGKILL')
    const { stdout, code } = await run.ended
    const { requests } = JSON.parse(stdout)
    expect(code).toBe(1)
    expect(requests.sent).toBe(60)
    expect(requests.succeeded + requests.failed).toBe(60)
    expect(requests.succeeded).toBeGreaterThan(0)
    expect(requests.failures.connect).toBeGreaterThan(0)
  })
})

describe('what a server does otherwise than asked is said', () => {
  test.each<{ quirks: string; oddities: object; note: RegExp }>([
    { quirks: 'whole-at-once', oddities: { not_streamed: 60 }, note: /^of 60 in 60 requests .* in one piece/ },
    { quirks: 'json-body', oddities: { not_streamed: 60 }, note: /^of 60 in 60 requests .* in one piece/ },
    { quirks: 'gzip', oddities: { compressed: 60 }, note: /^of 60 in 60 requests .* compressed/ },
    { quirks: 'no-done', oddities: { without_done: 60 }, note: /^of 60 in 60 requests .* without \[DONE\]/ },
    { quirks: 'prompt-usage-differs', oddities: {}, note: /^prompts were made for 30 tokens .* 3 more in each/ },
  ])('$quirks', async ({ quirks, oddities, note }) => {
    const { url } = await sim(...FAST, '--quirk', quirks)
    const { report: run, code } = await report(...RUN, '-H', url)
    expect(code).toBe(0)
    expect(run.requests).toMatchObject({ succeeded: 60, oddities })
    expect(run.notes).toContainEqual(expect.stringMatching(note))
  })

  test('prompts of another length, while the run goes on too', async () => {
    const { url } = await sim(...FAST, '--quirk', 'prompt-usage-differs')
    const { stderr, report: run } = await report(...RUN, '-H', url)
    expect(stderr).toMatch(/the server counted 33 tokens in a prompt that was made for 30/)
    const sums = { requests: 60, different: 60, own: 1800, server: 1980, leastSurplus: 3, mostSurplus: 3 }
    expect(run.requests.tokenChecks).toEqual({ prompt: sums })
  })

  test('how long it asks to wait when it sheds load, in notes, JSON and request log', async () => {
    const { url } = await sim(...FAST, '--quirk', 'retry-after')
    const path = join(folder(), 'run.ndjson')
    const { report: run, code } = await report(...RUN, '-H', url, '--request-log', path)
    expect(code).toBe(1)
    expect(run.requests.failures).toEqual({ shed: 60 })
    expect(run.metrics.retry_after).toMatchObject({ count: 60, min: 7000, max: 7000 })
    expect(run.notes).toContainEqual(expect.stringMatching(/^60 of 60 requests were refused until 7 s later/))
    const lines = readFileSync(path, 'utf8').match(
      /"failure":"shed".*"retryAfterS":7,|"retryAfterS":7,.*"failure":"shed"/g,
    )
    expect(lines?.length).toBeGreaterThanOrEqual(60)
  })
})

describe('the end of a run', () => {
  const long = '-p 30 -o 100 --qps 10 -u 50 -r 50 -t 2s'.split(' ')
  const slow = ['--ttft-ms', '1000', '--itl-ms', '20'] // an answer takes 2.98 s

  test('answers longer than the run are drained and all counted', async () => {
    const { url } = await sim(...slow)
    const { report: run } = await report(...long, '-H', url)
    expect(run.requests).toMatchObject({ sent: 20, succeeded: 20, censored: 0 })
    expect(run.requests.sentPerSecond).toBeCloseTo(10, 9)
  })

  test('--stop-timeout 0 cuts them off: censored and shown, neither answered nor failed', async () => {
    const { url } = await sim(...slow)
    const { report: run, code } = await report(...long, '-H', url, '--stop-timeout', '0')
    expect(run.requests).toMatchObject({ sent: 20, succeeded: 0, failed: 0, censored: 20 })
    expect(run.requests.sentPerSecond).toBeCloseTo(10, 9)
    expect(run.reasons.map((reason) => reason.message).join('\n')).toMatch(/20 .*cut off/)
    expect(code).toBe(1)
  })

  test('a stop timeout in between drains what finishes in time', async () => {
    const { url } = await sim(...slow)
    const { report: run } = await report(...long, '-H', url, '--stop-timeout', '2s')
    expect(run.requests.succeeded).toBeGreaterThanOrEqual(9)
    expect(run.requests.succeeded + run.requests.censored).toBe(20)
  })
})
