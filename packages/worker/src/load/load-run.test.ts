import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Assignment, LoadPlan, Plan } from '@llmload/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { clock, Loopback, planOf } from '../../../../test/support/loopback.js'
import { plan } from '../../../../test/support/plan.js'
import type { HttpClient } from '../http/client.js'
import { PromptSource, THREAD_FILE } from '../workload/prompt-source.js'
import { LoadRun, type LoadRunOptions } from './load-run.js'

// Every worker starts threads, which takes seconds where other tests keep the cores busy.
vi.setConfig({ testTimeout: 60_000 })

const loopback = new Loopback()
const sources: PromptSource[] = []
afterEach(async () => {
  await loopback.close()
  for (const source of sources.splice(0)) await source.close()
})

const ANSWER = 'data: {"choices":[{"index":0,"text":"a","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
const LEAD_MS = 200

/** A server that notes what it is asked for; `answerMs` = how long it takes. */
async function server(answerMs = 0) {
  const bodies: string[] = []
  const url = await loopback.respond(async (response: ServerResponse, request: IncomingMessage) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (!request.url?.endsWith('completions')) return response.writeHead(404).end()
    bodies.push(Buffer.concat(chunks).toString())
    setTimeout(() => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(ANSWER), answerMs)
  })
  return { url, bodies }
}

function planFor(url: string, load: Partial<LoadPlan>): Plan {
  const plan = planOf(url, { load })
  return { ...plan, workload: { ...plan.workload, promptTokens: 50 } }
}

const dealOf = (count: number): Assignment[] =>
  Array.from({ length: count }, (_, index) => ({ epoch: 0, fromMs: 0, share: { index, count } }))

/** Workers of one run, ready to start; what they send is noted, in ms after the start. */
async function workersOf(plan: Plan, deal: readonly Assignment[], more: Partial<LoadRunOptions> = {}) {
  const secrets = { apiKey: null, headers: [] }
  const means = await Promise.all(
    deal.map(async ({ share }) => {
      const prompts = await PromptSource.prepare({
        plan,
        secrets,
        share: share ?? { index: 0, count: 1 },
        onProgress: () => {},
      })
      sources.push(prompts)
      return { prompts, client: loopback.client(plan.target.baseUrl, plan) }
    }),
  )
  const startMs = clock.nowMs() + LEAD_MS
  const sent: { readonly index: number; readonly atMs: number }[] = []
  const runs = means.map(
    ({ prompts, client }, worker) =>
      new LoadRun({
        ...{ plan, clock, client, prompts, startMs, levels: [], watch: null, warn: () => {} },
        assignments: deal.slice(worker, worker + 1),
        mayLoadUntilMs: () => Number.POSITIVE_INFINITY,
        onSending: ({ index, intendedMs }) => sent.push({ index, atMs: intendedMs - startMs }),
        ...more,
      }),
  )
  const at = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, startMs + ms - clock.nowMs()))
  const never = () => new AbortController().signal
  /** Ahead of the start, as what is due then must not wait for somebody to call. */
  const start = () => Promise.all(runs.map((run) => run.run(never(), never())))
  const counts = () => runs.map(({ recorder }) => recorder.measured.counts)
  const total = (of: 'sent' | 'unsent' | 'late') => counts().reduce((sum, count) => sum + count[of], 0)
  return { runs, sent, startMs, start, at, total }
}

const RATED: Partial<LoadPlan> = { users: 60, spawnRate: 60, qps: 60, runTimeS: 1, stopTimeoutS: 5 }

/** Hardly any request at the end of a run, so that all are sent in it on a machine that stands still for a moment. */
const TAIL_QPS = 0.01

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

const inOrder = (sent: readonly { readonly index: number }[]) => sent.map(({ index }) => index).sort((a, b) => a - b)

describe.skipIf(!existsSync(THREAD_FILE))('the load of several workers (needs the built package)', () => {
  test('is the same requests with the same contents for one, two and seven', async () => {
    const stages = [
      { durationS: 1, qps: { from: 60, to: 60 }, users: null },
      { durationS: 1, qps: { from: TAIL_QPS, to: TAIL_QPS }, users: null },
    ]
    const load: Partial<LoadPlan> = { ...RATED, qpsDistribution: 'gamma', burstiness: 0.25, stages, runTimeS: 2 }
    const results: { requests: readonly string[]; at: readonly number[] }[] = []
    for (const count of [1, 2, 7]) {
      const { url, bodies } = await server()
      const { start, sent } = await workersOf(planFor(url, load), dealOf(count))
      await start()
      const at = sent.map(({ index, atMs }) => [index, Math.round(atMs * 1000)]).sort(([a = 0], [b = 0]) => a - b)
      results.push({ requests: bodies.sort(), at: at.flat() })
    }
    expect(results[0]?.requests.length).toBeGreaterThan(20)
    expect(new Set(results[0]?.requests).size).toBe(results[0]?.requests.length)
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })

  test('loses none and doubles none when one takes over the share of another, and the rate changes', async () => {
    const { url, bodies } = await server()
    const plan = planFor(url, { ...RATED, runTimeS: 2 })
    const { runs, start, at, sent, total } = await workersOf(plan, dealOf(2))
    const over = start()
    await at(200)
    runs[0]?.assign({ epoch: 1, fromMs: 400, share: null })
    runs[1]?.assign({ epoch: 1, fromMs: 400, share: { index: 0, count: 1 } })
    for (const run of runs) {
      run.changeLevel({ fromMs: 500, qps: 200, users: 100 })
      run.changeLevel({ fromMs: 1000, qps: TAIL_QPS, users: 90 })
    }
    await over
    // 60 per second for half a second, then 200, and the one that is due when the tail begins.
    expect(inOrder(sent)).toEqual(numbers(130 + 1))
    expect(bodies).toHaveLength(130 + 1)
    expect(runs.map(({ users }) => users)).toEqual([0, 90])
    expect([total('sent'), total('unsent')]).toEqual([130 + 1, 0])
  })

  test('has the users of each stage, more by the spawn rate and fewer at once', async () => {
    const { url } = await server(20)
    const stages = [
      { durationS: 0.3, qps: null, users: { from: 4, to: 4 } },
      { durationS: 0.3, qps: null, users: { from: 20, to: 20 } },
      { durationS: 0.3, qps: null, users: { from: 3, to: 3 } },
    ]
    const load = { users: 4, spawnRate: 100, stages, runTimeS: 0.9 }
    const { runs, start, at } = await workersOf(planFor(url, load), dealOf(3))
    const over = start()
    const seen: number[][] = []
    for (const ms of [150, 450, 750]) {
      await at(ms)
      seen.push(runs.map(({ users }) => users))
    }
    await over
    expect(seen).toEqual([
      [2, 1, 1],
      [7, 7, 6],
      [1, 1, 1],
    ])
  })
})

describe.skipIf(!existsSync(THREAD_FILE))('the load of a worker (needs the built package)', () => {
  test('stands still without a lease: what was due then is unsent, and nothing is caught up', async () => {
    const { url } = await server()
    let mayLoadUntilMs = Number.POSITIVE_INFINITY
    const lease = { mayLoadUntilMs: () => mayLoadUntilMs }
    const { runs, start, at, sent, startMs, total } = await workersOf(planFor(url, RATED), dealOf(1), lease)
    mayLoadUntilMs = startMs + 305
    const over = start()
    await at(600)
    const renewedMs = clock.nowMs() - startMs
    mayLoadUntilMs = Number.POSITIVE_INFINITY
    runs[0]?.leaseRenewed(startMs + 305)
    const afterMs = clock.nowMs() - startMs
    await over
    const dueBefore = (endMs: number) =>
      numbers(60).filter((i) => i * (1000 / 60) >= 305 && i * (1000 / 60) < endMs).length
    expect(total('sent') + total('unsent')).toBe(60)
    expect(total('unsent')).toBeGreaterThanOrEqual(dueBefore(renewedMs))
    expect(total('unsent')).toBeLessThanOrEqual(dueBefore(afterMs))
    expect(sent.every(({ atMs }) => atMs < 305 || atMs >= renewedMs - 1)).toBe(true)
  })

  test('stands still without a lease also if no user would have been free', async () => {
    const { url } = await server(500)
    let mayLoadUntilMs = Number.POSITIVE_INFINITY
    const lease = { mayLoadUntilMs: () => mayLoadUntilMs }
    const load = { ...RATED, users: 1, qps: 20, runTimeS: 2 }
    const { runs, start, at, sent, startMs, total } = await workersOf(planFor(url, load), dealOf(1), lease)
    const over = start()
    await at(100) // the only user waits for its first answer
    mayLoadUntilMs = startMs + 75
    await at(400)
    mayLoadUntilMs = Number.POSITIVE_INFINITY
    const renewedMs = clock.nowMs() - startMs
    runs[0]?.leaseRenewed(startMs + 75)
    await over
    expect(sent.length).toBeGreaterThan(1)
    expect(sent.filter(({ atMs }) => atMs >= 75 && atMs < renewedMs)).toEqual([])
    expect(total('sent') + total('unsent')).toBe(40)
  })

  test('in a closed loop has a request of every user in flight, from within a second after the start on', async () => {
    const { url } = await server(1500)
    const load = { users: 40, spawnRate: 40, runTimeS: 1.2, stopTimeoutS: 5 }
    const { runs, start, at, sent } = await workersOf(planFor(url, load), dealOf(2))
    const over = start()
    await at(-10)
    expect(sent).toEqual([])
    await at(1100)
    expect(runs.map(({ users, inFlight }) => [users, inFlight])).toEqual([
      [20, 20],
      [20, 20],
    ])
    await over
  })

  test('goes on when it is granted more requests', async () => {
    const { url } = await server()
    const load = { ...RATED, maxRequests: 5 }
    const { runs, start, at, total } = await workersOf(planFor(url, load), dealOf(1))
    const over = start()
    await at(400)
    expect(total('sent')).toBe(5)
    runs[0]?.grantRequests(3)
    await over
    expect([total('sent'), total('unsent')]).toEqual([8, 0])
  })

  test('that could not be sent by far is counted to the last request, and the process is not blocked meanwhile', async () => {
    const { url } = await server(5000)
    const load = { ...RATED, users: 1, qps: 100_000, runTimeS: 0.5, stopTimeoutS: 0 }
    const { start, total } = await workersOf(planFor(url, load), dealOf(1))
    const over = start()
    let turns = 0
    const count = () => {
      const unsent = total('unsent')
      if (unsent > 0 && unsent < 49_999) turns++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    await over
    clearImmediate(counting)
    expect([total('sent'), total('unsent')]).toEqual([1, 49_999])
    expect(turns).toBeGreaterThan(20)
  })
})

test('an answer that comes after the end of the window and before its timer leads to no other request', async () => {
  let nowMs = 0
  const taken: number[] = []
  const answers: (() => void)[] = []
  const take = (index: number) => {
    taken.push(index)
    return { index, promptTokens: 1, body: Buffer.from('{}') }
  }
  const prompts = { take, follow: () => {}, countTokens: () => null } as unknown as PromptSource
  const send: HttpClient['send'] = (_request, timeline, done) => {
    timeline.sentMs = nowMs
    answers.push(() => {
      timeline.endMs = nowMs
      done()
    })
    return { cancel: () => {} }
  }
  const run = new LoadRun({
    plan: plan({ load: { runTimeS: 60, burstPeriodS: 0.001 } }),
    ...{ assignments: dealOf(1), levels: [], startMs: 0, mayLoadUntilMs: () => Number.POSITIVE_INFINITY },
    ...{ clock: { nowMs: () => nowMs, wallMs: (ms: number) => ms }, prompts, watch: null, warn: () => {} },
    client: { send, close: async () => {} },
  })
  const stop = new AbortController()
  const over = run.run(stop.signal, new AbortController().signal)
  await expect.poll(() => answers.length).toBe(1)
  nowMs = 60_000
  answers[0]?.()
  expect(taken).toEqual([0])
  stop.abort()
  await over
})
