import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { Llmload, sim } from './support/llmload.js'

const RUN = '-p 30 -o 100 --qps 10 -u 50 -r 50 --headless --json'.split(' ')
const SLOW = ['--ttft-ms', '500', '--itl-ms', '5'] // an answer takes about a second

/** Worker processes that a run has started. */
function workersOf(run: Llmload): number[] {
  return execFileSync('pgrep', ['-P', `${run.pid}`])
    .toString()
    .trim()
    .split('\n')
    .map(Number)
}

describe('a run that is interrupted', () => {
  test('Ctrl-C once: no new request, what is in flight is drained, all is reported', async () => {
    const { url } = await sim(...SLOW)
    const run = new Llmload([...RUN, '-H', url])
    await run.says(/All users spawned/)
    await new Promise((resolve) => setTimeout(resolve, 2000))
    run.signal('SIGINT')
    const { stdout, code } = await run.ended
    const { requests, window } = JSON.parse(stdout)
    expect(requests.sent).toBeGreaterThanOrEqual(18)
    expect(requests).toMatchObject({ succeeded: requests.sent, censored: 0, unsent: 0 })
    expect(requests.sentPerSecond).toBeCloseTo(10, 0)
    expect(window.endedBy).toBe('interrupted')
    expect(code).toBe(0)
  })

  test('Ctrl-C twice: what is in flight is cut off and counted, and the report is there', async () => {
    const { url } = await sim('--ttft-ms', '500', '--itl-ms', '100')
    const run = new Llmload([...RUN, '-H', url])
    await run.says(/All users spawned/)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const stoppedMs = Date.now()
    run.signal('SIGINT')
    await run.says(/interrupt again/)
    run.signal('SIGINT')
    const { stdout } = await run.ended
    expect(Date.now() - stoppedMs).toBeLessThan(4000)
    const { requests } = JSON.parse(stdout)
    expect(requests.censored).toBeGreaterThan(10)
    expect(requests.sent).toBe(requests.succeeded + requests.failed + requests.censored)
  })

  test('a worker that is killed: the rest goes on, the report names it and the share lost', async () => {
    const { url } = await sim('--ttft-ms', '50', '--itl-ms', '1')
    const run = new Llmload([...RUN, '-H', url, '--processes', '2', '-t', '4s'])
    await run.says(/All users spawned/)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    process.kill(workersOf(run)[0] ?? 0, 'SIGKILL')
    const { stdout } = await run.ended
    const { workers, verdict, requests } = JSON.parse(stdout)
    expect(verdict).toBe('INVALID')
    expect(workers.filter((worker: { lost: object | null }) => worker.lost)).toHaveLength(1)
    expect(requests.succeeded).toBeGreaterThanOrEqual(20)
    expect(requests.succeeded).toBeLessThan(40)
  })

  test('the master is killed: its workers wait for it for the grace time, and end by themselves', async () => {
    const { url } = await sim('--ttft-ms', '50', '--itl-ms', '1')
    const run = new Llmload([...RUN, '-H', url, '--worker-grace', '2s'])
    await run.says(/All users spawned/)
    const [worker = 0] = workersOf(run)
    run.signal('SIGKILL')
    await run.ended
    await expect.poll(() => isAlive(worker), { timeout: 10_000 }).toBe(false)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
