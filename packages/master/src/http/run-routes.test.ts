import { describe, expect } from 'vitest'
import { type MasterRun, test as masterTest } from '../../test/master-run.js'
import { clock, instant, statsData, type WireWorker } from '../../test/wire-worker.js'

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly text: string
}

async function ask(run: MasterRun, path: string, init: RequestInit = {}): Promise<Answer> {
  const { port } = await run.address
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

const order = (run: MasterRun, path: string, body: unknown): Promise<Answer> =>
  ask(run, path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })

const test = masterTest.extend<{ loading: { readonly run: MasterRun; readonly worker: WireWorker } }>({
  /** The load is on, and goes on until it is stopped. */
  loading: async ({ begin }, use) => {
    const run = begin({ load: { qps: 10, users: 4, runTimeS: null } })
    const worker = await run.worker()
    await worker.run()
    await run.says('All users spawned')
    await use({ run, worker })
    run.interrupt()
    await worker.drain()
  },
})

describe('a master over HTTP', () => {
  test('shows its run to Prometheus from the moment that workers can join, in the format asked for', async ({
    begin,
  }) => {
    const run = begin()
    const text = await ask(run, '/metrics')
    expect(text).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
    expect(text.text).toContain('llmload_run_state{state="gathering"} 1\n')
    const openMetrics = await ask(run, '/metrics', { headers: { accept: 'application/openmetrics-text' } })
    expect(openMetrics.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(openMetrics.text).toMatch(/# EOF\n$/)
  })

  test('counts in its metrics what workers have reported', async ({ loading: { run, worker } }) => {
    await worker.report({ measured: statsData({ answered: 5, failed: 1 }), users: 4, inFlight: 2 })
    const { text } = await ask(run, '/metrics')
    expect(text).toContain('llmload_requests_total{phase="measured",outcome="succeeded"} 5\n')
    expect(text).toContain('llmload_users 4\n')
    expect(text).toContain('llmload_requests_in_flight 2\n')
    expect(text).toContain('llmload_workers{status="connected"} 1\n')
    expect(text).toContain('llmload_worker_cpu_cores{worker="host-1"} 0.1\n')
  })

  test('says where its run is and what its numbers are', async ({ loading: { run, worker } }) => {
    await worker.report({ measured: statsData({ answered: 3, failed: 1 }), users: 4, inFlight: 2 })
    const { status, type, text } = await ask(run, '/api/status')
    expect([status, type]).toEqual([200, 'application/json'])
    expect(JSON.parse(text)).toMatchObject({
      ...{ state: 'measuring', model: 'M', window: 'measured', level: { qps: 10, users: 4 }, users: 4, inFlight: 2 },
      ...{ startAt: expect.stringMatching(/Z$/), endAt: null },
      requests: { sent: 4, succeeded: 3, failed: 1, failRatio: 0.25 },
      tokens: { input: 3000, output: 300 },
      workers: [{ id: 'host-1', status: 'connected', users: 4, inFlight: 2, health: { elu: 0.1 } }],
    })
  })

  test('tells what has been, second by second, all of it or the newest', async ({ loading: { run, worker } }) => {
    const startMs = clock.nowMs()
    await worker.report({ measured: statsData({ answered: 3 }), users: 4, untilMs: startMs })
    await instant(startMs + 3100)
    await worker.report({ users: 4 })
    const { points } = JSON.parse((await ask(run, '/api/history')).text)
    expect(points[0]).toMatchObject({
      fromS: 0,
      lengthS: 1,
      workers: expect.any(Number),
      latencies: { ttft: { p50: 57 } },
    })
    const newest = points.at(-1).fromS
    expect(JSON.parse((await ask(run, `/api/history?fromS=${newest}`)).text).points).toEqual([points.at(-1)])
    expect(await ask(run, '/api/history?fromS=yesterday')).toMatchObject({ status: 400 })
  })

  test('changes the load, and tells the workers', async ({ loading: { run, worker } }) => {
    const { status, text } = await order(run, '/api/load', { qps: 25, users: 200 })
    expect(status).toBe(200)
    expect(JSON.parse(text)).toEqual({ qps: 25, users: 200, fromMs: expect.any(Number) })
    const { change } = await worker.next('level')
    expect(change).toEqual(JSON.parse(text))
    expect(JSON.parse((await ask(run, '/api/status')).text).level).toEqual({ qps: 25, users: 200 })
  })

  test('ends the run when it is told to', async ({ loading: { run, worker } }) => {
    const { status, text } = await order(run, '/api/stop', '')
    expect([status, JSON.parse(text)]).toEqual([200, { stopping: true, now: false }])
    expect(await worker.next('stop')).toMatchObject({ now: false })
    expect(await order(run, '/api/stop', { now: true })).toMatchObject({ status: 200 })
    expect(await worker.next('stop')).toMatchObject({ now: true })
  })

  test.for([
    { path: '/api/load', body: '{', status: 400, says: 'not JSON', story: 'half an object' },
    { path: '/api/load', body: '{}', status: 400, says: 'name qps, users or both', story: 'nothing' },
    { path: '/api/load', body: '{"users": 0}', status: 400, says: 'users', story: 'no users' },
    { path: '/api/load', body: '{"qps": -1}', status: 400, says: 'qps', story: 'a negative rate' },
    { path: '/api/load', body: '{"rate": 1}', status: 400, says: 'rate', story: 'a word it does not know' },
    { path: '/api/load', body: '{"users": 1e9}', status: 409, says: 'users', story: 'more users than possible' },
    { path: '/api/load', body: `"${'x'.repeat(20_000)}"`, status: 413, says: 'bytes', story: 'far too much' },
    { path: '/api/stop', body: '{"now": "yes"}', status: 400, says: 'now', story: 'a text for a switch' },
  ])('refuses $story with a reason and a way out', async ({ path, body, status, says }, { loading: { run } }) => {
    const answer = await order(run, path, body)
    expect(answer.status).toBe(status)
    const { code, message, hint } = JSON.parse(answer.text)
    expect(message).toContain(says)
    expect([code, hint]).not.toContain('')
  })

  test('has nothing to change before there is load', async ({ begin }) => {
    const run = begin()
    const { status, text } = await order(run, '/api/load', { users: 5 })
    expect([status, JSON.parse(text).code]).toEqual([409, 'NOT_LOADING'])
  })

  test('lets nobody watch or control without the token that there is', async ({ begin }) => {
    const run = begin({ fleet: { viewToken: 'may-look', controlToken: 'may-act' } })
    const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
    expect((await ask(run, '/metrics')).status).toBe(401)
    expect((await ask(run, '/metrics', as('may-look'))).status).toBe(200)
    expect((await ask(run, '/api/status', as('may-act'))).status).toBe(200)
    expect((await ask(run, '/api/stop', { method: 'POST', ...as('may-look') })).status).toBe(401)
    expect((await ask(run, '/api/stop', { method: 'POST', ...as('may-act') })).status).toBe(409)
  })
})
