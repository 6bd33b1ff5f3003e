import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect } from 'vitest'
import { PROTOCOL_VERSION } from '../../packages/core/src/index.js'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet, MASTER_PORT, TOKEN } from './support/fleet.js'
import { scenario } from './support/scenario.js'
import { Service } from './support/service.js'

const CLIENT = fileURLToPath(new URL('support/hostile-client.mjs', import.meta.url))
const PROXY = fileURLToPath(new URL('support/replaying-proxy.mjs', import.meta.url))

/** A frame of a gigabyte must not cost the master a tenth of that. */
const MOST_GROWTH_BYTES = 100 * 2 ** 20

/** Peak of the resident memory of a process. */
const peakBytes = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)?.[1]) * 1024

const version: string = JSON.parse(
  readFileSync(new URL('../../packages/cli/package.json', import.meta.url), 'utf8'),
).version

describe('the port of a master in the middle of a run', () => {
  scenario('withstands garbage, floods and gigabytes, and the run does not feel it', async () => {
    const run = await fleet({ workers: 2, load: '--qps 40 -u 80 -r 80' })
    await run.generations(20)
    const beforeBytes = peakBytes(run.master.pid)
    const { within } = await run.addHost('hostile', 200)
    const victim = `${hostname()}-${run.workers[0]?.process.pid}`
    const args = [run.masterAddress, MASTER_PORT, TOKEN, version, PROTOCOL_VERSION, victim].map(String)
    const hostile = new Service([...within, process.execPath, CLIENT, ...args])
    const { output } = await hostile.ended
    expect(peakBytes(run.master.pid) - beforeBytes).toBeLessThan(MOST_GROWTH_BYTES)
    const answers = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(Object.fromEntries(answers.map(({ attack, answer }) => [attack, answer]))).toEqual({
      garbage: 'closed',
      'truncated frame': 'closed',
      '1 GB frame': 'closed',
      '1 GB in fragments': 'closed',
      'no token': 'HTTP 401',
      'wrong token': 'HTTP 401',
      'other path': 'HTTP 404',
      browser: 'HTTP 403',
      'wrong version': 'refused closed 1008',
      'wrong protocol': 'refused closed 1008',
      'stolen identity': 'refused closed 1008',
      'not JSON': 'closed 1008',
      'deep JSON': 'closed 1008',
      'binary frame': 'closed 1008',
      'delta before hello': 'closed 1008',
      'two hellos': expect.stringMatching(/closed 1008$/),
      'huge field': 'closed 1008',
      'unknown field': 'closed 1008',
      'out of turn': expect.stringMatching(/closed 1008$/),
    })
    run.master.signal('SIGINT')
    const outcome = await run.outcome()
    expectSound(outcome)
    expectExact(outcome)
    expect(outcome.missing).toEqual([])
    expect(outcome.report.requests).toMatchObject({ failed: 0, censored: 0 })
    expect(outcome.report.workers).toHaveLength(2)
    expect(outcome.code).toBe(0)
  })

  scenario('counts reports once that come twice, and in the wrong order', async () => {
    const run = await fleet({ workers: 1, expected: 2, load: '--qps 40 -u 80 -r 80 -t 6s' })
    const worker = await run.join({ proxy: PROXY })
    const outcome = await run.outcome()
    expectSound(outcome)
    expectExact(outcome)
    expectAllAnswered(outcome)
    expect(outcome.accountOf(worker).reported).toMatchObject({ missingDeltas: 0, lost: null })
  })
})
