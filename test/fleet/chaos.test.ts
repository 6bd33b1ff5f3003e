import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { generatorAt } from '../../packages/core/src/index.js'
import { expectAccounted, expectExact, expectSound, expectTruthful } from './support/expectations.js'
import { type Fleet, fleet } from './support/fleet.js'
import type { Worker } from './support/outcome.js'
import { scenario } from './support/scenario.js'

const LENGTH_S = Number(process.env.FLEET_CHAOS_S ?? 60)
const SEED = Number(process.env.FLEET_SEED ?? Math.floor(Math.random() * 1e6))
const WORKERS = 4
/** What was done last has to be over, the worker back and its requests answered, when the run ends. */
const QUIET_END_S = 20

/** A worker reports every second; when it is killed on a busy machine the last report may be some older. */
const SINCE_LAST_REPORT_S = 3

/** Misfortunes, each of which ends within a few seconds. */
type Misfortune = (run: Fleet, worker: Worker, seconds: number) => Promise<unknown>

const kill: Misfortune = async (_run, { process }) => process.signal('SIGKILL')
const leave: Misfortune = async (_run, { process }) => process.signal('SIGINT')
const join: Misfortune = (run) => run.join()
const stop: Misfortune = async (_run, { process }, seconds) => {
  process.signal('SIGSTOP')
  await delay(seconds * 1000)
  process.signal('SIGCONT')
}
const cut: Misfortune = async (_run, { host }, seconds) => {
  host.cut()
  await delay(seconds * 1000)
  host.plugIn()
}
const MISFORTUNES = { kill, leave, join, stop, cut } as const

describe(`misfortunes at random, FLEET_SEED=${SEED}`, () => {
  scenario(
    `for ${LENGTH_S} s: no request is counted twice or sent twice, and what is reported is true`,
    async () => {
      const draw = generatorAt(SEED, 'misfortunes', 0)
      const run = await fleet({
        workers: WORKERS,
        load: `--qps 40 -u 200 -r 200 --stop-timeout 15s -t ${LENGTH_S + QUIET_END_S}s`,
      })
      await run.generations(40)
      const killed = new Set<Worker>()
      const cutOff = new Set<Worker>()
      const untilMs = Date.now() + LENGTH_S * 1000
      // One after the other, so that most of the fleet is always well.
      while (Date.now() < untilMs) {
        const able = run.workers.filter(({ process }) => process.isRunning)
        const names = Object.keys(MISFORTUNES) as (keyof typeof MISFORTUNES)[]
        const name = able.length < 3 ? 'join' : able.length > 6 ? 'kill' : pick(names, draw)
        const worker = pick(able, draw)
        const seconds = 0.5 + 9.5 * draw()
        process.stdout.write(`${name} ${worker.host.name} (${seconds.toFixed(1)} s)\n`)
        if (name === 'kill') killed.add(worker)
        if (name === 'cut') cutOff.add(worker)
        await MISFORTUNES[name](run, worker, seconds)
        await delay(500 + 1500 * draw())
      }
      const outcome = await run.outcome()
      expect(outcome.report.requests.sent).toBeGreaterThan(0)
      expectSound(outcome)
      const unhurt = run.workers.filter((worker) => !killed.has(worker) && !cutOff.has(worker))
      expectExact(outcome, unhurt)
      for (const worker of killed) if (!cutOff.has(worker)) expectTruthful(outcome, worker, SINCE_LAST_REPORT_S)
      for (const worker of cutOff) if (!killed.has(worker)) expectAccounted(outcome, worker)
    },
    { limitS: LENGTH_S + QUIET_END_S + 60 },
  )
})

function pick<T>(list: readonly T[], draw: () => number): T {
  const item = list[Math.floor(draw() * list.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
