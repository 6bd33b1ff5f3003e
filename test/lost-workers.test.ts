import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RunReport } from '../packages/core/src/index.js'
import { folder, Llmload, sim } from './support/llmload.js'
import { TcpProxy } from './support/tcp-proxy.js'

const LOAD = '-p 30 -o 5 --qps 20 -u 60 -r 60 --headless --json'.split(' ')

/** How long after a loss others have the share of the lost: the lease, the notice that they get, a second in which it may come back. */
const TAKEN_OVER_S = 7

/** A request as the simulator saw it. */
interface Seen {
  readonly path: string
  readonly ended: string
  readonly received_ns: number
}

/** A simulator, a master and its workers, each of which has a network of its own. */
class Fleet {
  readonly workers: Llmload[] = []
  readonly networks: TcpProxy[] = []
  readonly #truth: string

  private constructor(
    readonly master: Llmload,
    readonly masterPort: number,
    truth: string,
  ) {
    this.#truth = truth
  }

  static async start(workers: number, ...args: string[]): Promise<Fleet> {
    const truth = join(folder(), 'truth.ndjson')
    const { url } = await sim('--ttft-ms', '20', '--itl-ms', '2', '--truth-log', truth)
    const expected = ['--master', '--master-port', '0', '--expect-workers', `${workers}`]
    const master = new Llmload([...LOAD, '-H', url, ...expected, ...args])
    const [, port] = await master.says(/--master-port (\d+)/)
    const fleet = new Fleet(master, Number(port), truth)
    for (let i = 0; i < workers; i++) await fleet.join()
    return fleet
  }

  async join(): Promise<Llmload> {
    const network = await TcpProxy.listen(this.masterPort)
    onTestFinished(() => network.close())
    const worker = new Llmload(['--worker', '--master-port', `${network.port}`])
    this.networks.push(network)
    this.workers.push(worker)
    return worker
  }

  worker(i: number): Llmload {
    return this.workers[i] ?? expect.fail(`there is no worker ${i}`)
  }

  network(i: number): TcpProxy {
    return this.networks[i] ?? expect.fail(`there is no worker ${i}`)
  }

  /** All users are there, and then some. */
  async loads(): Promise<void> {
    await this.master.says(/All users spawned/)
    await delay(1500)
  }

  async ended(): Promise<{ readonly report: RunReport; readonly code: number | null }> {
    const { stdout, stderr, code } = await this.master.ended
    if (!stdout.startsWith('{')) throw new Error(`no report, exit code ${code}:\n${stderr}`)
    return { report: JSON.parse(stdout), code }
  }

  /** Requests that the simulator has seen the end of. */
  get seen(): Seen[] {
    const lines = readFileSync(this.#truth, 'utf8').trimEnd().split('\n').slice(1)
    return lines.map((line) => JSON.parse(line)).filter(({ path }) => path === '/v1/completions')
  }
}

/** What the report says of a worker process. */
const of = ({ workers }: RunReport, { pid }: Llmload): RunReport['workers'][number] =>
  workers.find((worker) => worker.pid === pid) ?? expect.fail(`process ${pid} is not reported`)

/** All that were sent have come to an end, none was counted twice or forgotten, and the sum of the workers is the whole. */
function expectExact({ requests, window, workers }: RunReport, seen: readonly Seen[]): void {
  expect(requests.sent + window.rampRequests).toBe(seen.length)
  expect(requests.succeeded + requests.failed + requests.censored).toBe(requests.sent)
  for (const name of ['sent', 'succeeded', 'failed', 'censored'] as const)
    expect(workers.reduce((sum, worker) => sum + worker[name], 0)).toBe(requests[name])
}

describe('a worker whose network', () => {
  test('breaks for a moment comes back, and everything is counted once', async () => {
    const fleet = await Fleet.start(2, '-t', '5s')
    await fleet.loads()
    for (let i = 0; i < 3; i++) {
      fleet.network(1).cut()
      await delay(300)
      fleet.network(1).mend()
      await fleet.worker(1).says(new RegExp(`(the master is back[^]*){${i + 1}}`))
    }
    const { report, code } = await fleet.ended()
    expectExact(report, fleet.seen)
    expect(report.requests).toMatchObject({ sent: 100, unsent: 0 })
    expect(report.workers.map(({ lost }) => lost)).toEqual([null, null])
    expect(report.workers.flatMap(({ away }) => away)).toHaveLength(3)
    expect(report.workers.map(({ shares }) => shares.length)).toEqual([1, 1])
    expect(code).toBe(0)
  })

  test('is cut for longer than its lease: it stops, the others do its part, and then it has one again', async () => {
    const fleet = await Fleet.start(2, '-t', '16s')
    await fleet.loads()
    fleet.network(1).cut()
    await delay(7000)
    fleet.network(1).mend()
    const { report, code } = await fleet.ended()
    expectExact(report, fleet.seen)
    const { sent, unsent } = report.requests
    expect(sent + unsent).toBe(320)
    // It may load for 4 s, and is replaced after 5.5 s.
    expect(unsent).toBeGreaterThan(0)
    expect(unsent).toBeLessThan(3 * 10)
    const { shares, away } = of(report, fleet.worker(1))
    expect(shares.map(({ loadShare }) => loadShare)).toEqual([0.5, 0, 0.5])
    expect(away).toHaveLength(1)
    expect(report.notes.join('\n')).toMatch(
      /could not be reached for [78]\.\d s, \d\.\d s into the run; the others did its part from \d\.\d s to \d+\.\d s/,
    )
    expect(code).toBe(0)
  })

  test('garbles a message reports what that was on the next connection', async () => {
    const fleet = await Fleet.start(2, '-t', '5s')
    await fleet.loads()
    fleet.network(1).garble()
    await fleet.worker(1).says(/the master is back/)
    const { report } = await fleet.ended()
    expectExact(report, fleet.seen)
    expect(report.requests).toMatchObject({ sent: 100, unsent: 0 })
    expect(of(report, fleet.worker(1)).away).toHaveLength(1)
  })

  test('lets nothing through any more: the worker stops within its lease, and is lost after the grace time', async () => {
    const fleet = await Fleet.start(2, '-t', '14s', '--worker-grace', '3s')
    await fleet.loads()
    fleet.network(1).stall()
    const { code } = await fleet.worker(1).ended
    expect(code).toBe(3)
    const { report } = await fleet.ended()
    expect(of(report, fleet.worker(1)).lost).toMatchObject({
      loadShare: 0.5,
      how: expect.stringMatching(/^said nothing for [56] s, and did not come back$/),
    })
  })
})

describe('a worker process', () => {
  test('that is stopped for 3 s is late, but lost to nobody', async () => {
    const fleet = await Fleet.start(2, '-t', '7s')
    await fleet.loads()
    fleet.worker(1).signal('SIGSTOP')
    await delay(3000)
    fleet.worker(1).signal('SIGCONT')
    const { report } = await fleet.ended()
    expectExact(report, fleet.seen)
    expect(report.requests.sent + report.requests.unsent).toBe(140)
    expect(report.workers.map(({ shares, away }) => [shares.length, away.length])).toEqual([
      [1, 0],
      [1, 0],
    ])
  })

  test('that is stopped for longer than its lease sends nothing that others have sent', async () => {
    const fleet = await Fleet.start(2, '-t', '18s')
    await fleet.loads()
    fleet.worker(1).signal('SIGSTOP')
    await delay(9000)
    fleet.worker(1).signal('SIGCONT')
    const { report } = await fleet.ended()
    expectExact(report, fleet.seen)
    expect(report.requests.sent + report.requests.unsent).toBe(360)
    expect(of(report, fleet.worker(1))).toMatchObject({ lost: null })
  })

  test('that is killed: the others take its part over, and the report says when', async () => {
    const fleet = await Fleet.start(3, '-t', '12s', '--worker-grace', '5s')
    await fleet.loads()
    fleet.worker(1).signal('SIGKILL')
    const { report, code } = await fleet.ended()
    const lost = of(report, fleet.worker(1)).lost ?? expect.fail('it is not lost')
    expect(lost.loadShare).toBeCloseTo(1 / 3, 9)
    const gapS = (lost.takenOverAtS ?? Number.NaN) - lost.atS
    expect(gapS).toBeGreaterThan(4)
    expect(gapS).toBeLessThan(TAKEN_OVER_S)
    expect(lost.missingShare).toBeCloseTo(gapS / 3 / 12, 2)
    expect(report.notes.join('\n')).toMatch(
      /worker '.+' was lost \d\.\d s into the run with 1\/3 of the load; the others took it over from \d\.\d s/,
    )
    // What the killed one had sent last it could not report.
    expect(fleet.seen.length - report.requests.sent).toBeLessThan(3 * 7)
    expect(report.requests.sent).toBeGreaterThan(240 - 7 * (TAKEN_OVER_S + 1))
    expect(code).toBe(0)
  })

  test('that is killed, where all were on this host, is replaced without waiting for it', async () => {
    const { url } = await sim('--ttft-ms', '20', '--itl-ms', '2')
    const master = new Llmload([...LOAD, '-H', url, '--processes', '2', '-t', '9s'])
    await master.says(/All users spawned/)
    const [, pid] = await master.says(/reported as ready.*pid=(\d+)/)
    process.kill(Number(pid), 'SIGKILL')
    const report: RunReport = JSON.parse((await master.ended).stdout)
    const lost = report.workers.find((worker) => worker.pid === Number(pid))?.lost
    expect(lost?.how).toMatch(/SIGKILL/)
    expect((lost?.takenOverAtS ?? Number.NaN) - (lost?.atS ?? 0)).toBeLessThan(6)
  })

  test('that is told to leave hands its part over, and nothing is missing', async () => {
    const fleet = await Fleet.start(2, '-t', '9s')
    await fleet.loads()
    fleet.worker(1).signal('SIGTERM')
    expect((await fleet.worker(1).ended).code).toBe(0)
    const { report, code } = await fleet.ended()
    expectExact(report, fleet.seen)
    expect(report.requests).toMatchObject({ sent: 180, unsent: 0 })
    expect(of(report, fleet.worker(1))).toMatchObject({ lost: null, leftAtS: expect.any(Number) })
    expect(code).toBe(0)
  })

  test('that is told to leave twice cancels what is in flight: all of it is counted, and what was missing is said', async () => {
    const fleet = await Fleet.start(2, '-t', '9s', '-o', '400') // an answer takes 0.8 s
    await fleet.loads()
    const leaver = fleet.worker(1)
    leaver.signal('SIGINT')
    await fleet.master.says(/was told to leave/)
    leaver.signal('SIGINT')
    expect((await leaver.ended).code).toBe(0)
    const { report } = await fleet.ended()
    expectExact(report, fleet.seen)
    const { censored, leftAtS, lost } = of(report, leaver)
    expect(censored).toBeGreaterThan(3)
    expect(leftAtS).toBeNull()
    expect(lost).toMatchObject({ how: 'left the run by itself', loadShare: 0.5 })
    const missingS = (lost?.takenOverAtS ?? Number.NaN) - (lost?.atS ?? 0)
    expect(missingS).toBeLessThan(TAKEN_OVER_S)
    expect(lost?.missingShare).toBeCloseTo((0.5 * missingS) / 9, 2)
  })

  test('that joins late gets its part, and nothing is missing', async () => {
    const fleet = await Fleet.start(1, '-t', '14s')
    await fleet.loads()
    await fleet.join()
    const { report, code } = await fleet.ended()
    expectExact(report, fleet.seen)
    expect(report.requests).toMatchObject({ sent: 280, unsent: 0 })
    expect(of(report, fleet.worker(1))).toMatchObject({ joinedAtS: expect.any(Number), shares: [{ loadShare: 0.5 }] })
    expect(of(report, fleet.worker(1)).sent).toBeGreaterThan(10)
    expect(code).toBe(0)
  })
})

test('the master is killed: workers stop within their lease, wait for it for the grace time, and end with 3', async () => {
  const fleet = await Fleet.start(2, '-t', '60s', '--worker-grace', '5s')
  await fleet.loads()
  fleet.master.signal('SIGKILL')
  const killedNs = Number(process.hrtime.bigint())
  const codes = await Promise.all(fleet.workers.map(async (worker) => (await worker.ended).code))
  expect(codes).toEqual([3, 3])
  const lastS = (Math.max(...fleet.seen.map(({ received_ns }) => received_ns)) - killedNs) / 1e9
  expect(lastS).toBeGreaterThan(1)
  expect(lastS).toBeLessThan(4.5)
})

test('--max-requests is exact, also where a worker is killed', async () => {
  const fleet = await Fleet.start(2, '--max-requests', '120', '--worker-grace', '1s')
  await fleet.loads()
  fleet.worker(1).signal('SIGKILL')
  const { report } = await fleet.ended()
  expect(report.requests.sent).toBe(120)
  expect(report.window.endedBy).toBe('max-requests')
})

test('--fail-on-worker-loss ends the run with a report and exit code 3, and waits for nobody to come back', async () => {
  const fleet = await Fleet.start(2, '-t', '60s', '--fail-on-worker-loss', '--worker-grace', '50s')
  await fleet.loads()
  const killedMs = Date.now()
  fleet.worker(1).signal('SIGKILL')
  const { report, code } = await fleet.ended()
  expect(Date.now() - killedMs).toBeLessThan(25_000)
  expect(report.window.endedBy).toBe('worker-lost')
  expect(code).toBe(3)
})

test('--abort-on-fail-ratio ends the run with a report, the reason and exit code 1', async () => {
  const { url } = await sim('--fail-every', '1')
  const run = new Llmload([...LOAD, '-H', url, '-t', '60s', '--abort-on-fail-ratio', '0.5'])
  const { stdout, code } = await run.ended
  const report: RunReport = JSON.parse(stdout)
  expect(report.window).toMatchObject({
    endedBy: 'aborted',
    endReason: expect.stringMatching(/requests failed in the last 10 s/),
  })
  expect(code).toBe(1)
})
