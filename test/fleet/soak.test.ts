import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { expectExact, expectSound, expectTruthful } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import type { Worker } from './support/outcome.js'
import { scenario } from './support/scenario.js'

const LENGTH_S = Number(process.env.FLEET_SOAK_S)
const RATE = 100
/** What a third of it is in three seconds. */
const MOST_UNREPORTED = RATE
/** So often one worker is killed and another joins. */
const EXCHANGE_EVERY_S = 30
const SAMPLE_EVERY_MS = 2000
/** Heaps grow at first, and the master keeps every second of the last ten minutes; nothing may grow after that. */
const SETTLED_AFTER_S = 660
/** A trend needs so much time; a shorter soak only prints it. */
const TREND_S = 600
/** What memory may gain from then on to the end, by its trend, as a part of its mean. */
const MOST_GROWTH = 0.1

interface Sample {
  readonly atS: number
  readonly bytes: number
}

/** Resident memory of a process; null if it has ended. */
function residentBytes(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/)?.[1]) * 1024
  } catch {
    return null
  }
}

describe('a soak', () => {
  scenario(
    `of ${LENGTH_S} s with workers that come and go: memory stays flat, and every request is counted`,
    async () => {
      const run = await fleet({ workers: 3, load: `--qps ${RATE} -u 300 -r 300 --stop-timeout 10s -t ${LENGTH_S}s` })
      await run.master.says(/All users spawned/)
      const startMs = Date.now()
      const memory = new Map<string, Sample[]>()
      const watched = () => [{ name: 'master', pid: run.master.pid }, ...run.workers.map(nameAndPid)]
      const timer = setInterval(() => {
        for (const { name, pid } of watched()) {
          const bytes = residentBytes(pid)
          const samples = memory.get(name) ?? []
          if (bytes) memory.set(name, [...samples, { atS: (Date.now() - startMs) / 1000, bytes }])
        }
      }, SAMPLE_EVERY_MS)

      const killed: Worker[] = []
      // The first two stay to the end, so that the memory of workers is seen too.
      for (let atS = EXCHANGE_EVERY_S; atS < LENGTH_S - EXCHANGE_EVERY_S; atS += EXCHANGE_EVERY_S) {
        await delay(startMs + atS * 1000 - Date.now())
        const last = run.workers.at(-1)
        if (last) killed.push(last)
        last?.process.signal('SIGKILL')
        await run.join()
      }
      const outcome = await run.outcome().finally(() => clearInterval(timer))
      const growths = ['master', 'worker0', 'worker1'].map((name) => growthOf(name, memory.get(name) ?? []))
      process.stdout.write(`${growths.map(({ line }) => line).join('\n')}\n`)
      expectSound(outcome)
      expectExact(
        outcome,
        run.workers.filter((worker) => !killed.includes(worker)),
      )
      for (const worker of killed) expectTruthful(outcome, worker, MOST_UNREPORTED)
      if (LENGTH_S < SETTLED_AFTER_S + TREND_S) return
      for (const { line, share } of growths) expect(share, line).toBeLessThan(MOST_GROWTH)
    },
    { limitS: 1.2 * LENGTH_S + 120 },
  )
})

const nameAndPid = ({ host, process }: Worker) => ({ name: host.name, pid: process.pid })

/** The trend of memory (least squares) over the settled part of the run. */
function growthOf(name: string, all: readonly Sample[]): { line: string; share: number } {
  const settledS = Math.min(SETTLED_AFTER_S, LENGTH_S / 3)
  const samples = all.filter(({ atS }) => atS >= settledS)
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, one) => sum + of(one), 0) / samples.length
  const meanS = mean(({ atS }) => atS)
  const meanBytes = mean(({ bytes }) => bytes)
  const covariance = mean(({ atS, bytes }) => (atS - meanS) * (bytes - meanBytes))
  const bytesPerS = covariance / mean(({ atS }) => (atS - meanS) ** 2)
  const lengthS = (samples.at(-1)?.atS ?? 0) - (samples[0]?.atS ?? 0)
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  const line = `${name}: ${megabytes(meanBytes)} MB on average, ${megabytes(bytesPerS * 60)} MB/min over the last ${lengthS.toFixed(0)} s`
  return { line, share: (bytesPerS * lengthS) / meanBytes }
}
