import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { generatorAt } from '../../packages/core/src/index.js'
import { expectAccounted, expectExact, expectSound, expectTruthful } from './support/expectations.js'
import { type Fleet, fleet } from './support/fleet.js'
import type { Outcome, Worker } from './support/outcome.js'
import { scenario } from './support/scenario.js'

const LENGTH_S = Number(process.env.FLEET_CHAOS_S ?? 60)
const SEED = Number(process.env.FLEET_SEED ?? Math.floor(Math.random() * 1e6))
const WORKERS = 4
/** What was done last has to be over, the worker back and its requests answered, when the run ends. */
const QUIET_END_S = 20

const RATE = 40
/** What a worker with half of the load may have sent since its last report, on a busy machine. */
const MOST_UNREPORTED = 60
/** So many workers at least are well or will be; above this some are killed. */
const FEWEST = 3
const MOST = 6

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

/** What happened, to whom. */
interface Event {
  readonly name: keyof typeof MISFORTUNES
  readonly worker: Worker
}

async function oneMisfortune(run: Fleet, draw: () => number): Promise<Event> {
  const able = run.workers.filter(({ process }) => process.isRunning)
  const drawn = pick(Object.keys(MISFORTUNES) as (keyof typeof MISFORTUNES)[], draw)
  const name = able.length < FEWEST ? 'join' : able.length > MOST ? 'kill' : drawn
  const worker = pick(able, draw)
  const seconds = 0.5 + 9.5 * draw()
  process.stdout.write(`${name} ${worker.host.name} (${seconds.toFixed(1)} s)\n`)
  await MISFORTUNES[name](run, worker, seconds)
  await delay(500 + 1500 * draw())
  return { name, worker }
}

function expectTrue(outcome: Outcome, events: readonly Event[]): void {
  expectSound(outcome)
  for (const worker of outcome.workers) {
    const names = events.filter((event) => event.worker === worker).map(({ name }) => name)
    const [wasKilled, wasCut] = [names.includes('kill'), names.includes('cut')]
    if (!wasKilled && !wasCut) expectExact(outcome, [worker])
    // Of one that was cut off and then killed, requests can be unreported and others not have arrived.
    else if (!wasCut) expectTruthful(outcome, worker, MOST_UNREPORTED)
    else if (!wasKilled) expectAccounted(outcome, worker)
  }
}

describe(`misfortunes at random, FLEET_SEED=${SEED}`, () => {
  scenario(
    `for ${LENGTH_S} s: no request is counted twice or sent twice, and what is reported is true`,
    async () => {
      const draw = generatorAt(SEED, 'misfortunes', 0)
      const load = `--qps ${RATE} -u 200 -r 200 --stop-timeout 15s -t ${LENGTH_S + QUIET_END_S}s`
      const run = await fleet({ workers: WORKERS, load })
      await run.generations(RATE)
      const untilMs = Date.now() + LENGTH_S * 1000
      const events: Event[] = []
      // One after the other, so that most of the fleet is always well.
      while (Date.now() < untilMs) events.push(await oneMisfortune(run, draw))
      const outcome = await run.outcome()
      expect(outcome.report.requests.sent).toBeGreaterThan(RATE)
      expectTrue(outcome, events)
    },
    { limitS: LENGTH_S + QUIET_END_S + 90 },
  )
})

function pick<T>(list: readonly T[], draw: () => number): T {
  const item = list[Math.floor(draw() * list.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
