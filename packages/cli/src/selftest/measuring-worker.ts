/**
 * A worker process like any other, on the same path as those of every run, that also holds its time
 * stamps against the send times in the chunks of the simulator. Started by `llmload selftest` with a
 * `MeasuringJob` before the flags of a worker; what it found goes to a file in the folder of the job.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, HostClock, systemClock, type Timeline } from '@llmload/core'
import { runWorker } from '@llmload/worker'
import { readCommandLine } from '../command-line.js'
import { exitWith, type Signals } from '../exit.js'
import { openLog } from '../logger.js'
import { version } from '../version.js'
import { StampAccount } from './stamp-account.js'
import { StampTap } from './stamp-tap.js'

/** What a measuring worker is told, as JSON. */
export interface MeasuringJob {
  readonly folder: string
  /** Requests sent so long after the first one are not looked at … */
  readonly warmUpMs: number
  /** … and those of so long a time after that are. */
  readonly measuredMs: number
  /** True pace of the simulator. */
  readonly itlMs: number
  /** Stamps are read in one of so many answers: enough for percentiles, at little cost to what is measured. */
  readonly answersPerSample: number
}

async function measure(job: MeasuringJob, flags: readonly string[], { drain, now }: Signals): Promise<number> {
  const clock = systemClock()
  const checked = readCommandLine(flags, process.env)
  const { masterHost, masterPort, token, masterMaxWaitS } = checked.config.fleet
  const account = new StampAccount(new HostClock(clock), job.itlMs)
  const cpu = new CpuWindow(job)
  let count = 0
  let firstMs = Number.NaN
  const options = {
    url: `ws://${masterHost}:${masterPort}/worker`,
    ...{ token, clock, version, log: openLog(checked, clock), maxWaitMs: masterMaxWaitS * 1000 },
    ...{ leave: drain, leaveNow: now },
    allowedTargets: [],
    onSending: (timeline: Timeline) => {
      const nowMs = clock.nowMs()
      if (count === 0) {
        firstMs = nowMs
        cpu.start()
      }
      const atMs = nowMs - firstMs - job.warmUpMs
      const isMeasured = atMs >= 0 && atMs < job.measuredMs
      if (count++ % job.answersPerSample === 0 && isMeasured) timeline.tap = new StampTap((tap) => account.add(tap))
    },
  }
  await runWorker(options)
  writeFileSync(join(job.folder, `${process.pid}.json`), JSON.stringify(account.toData(cpu.usedS)))
  return EXIT.ok
}

/** CPU time of this process between the ends of the warm-up and of the measured time. */
class CpuWindow {
  usedS = 0
  readonly #job: MeasuringJob

  constructor(job: MeasuringJob) {
    this.#job = job
  }

  start(): void {
    const { warmUpMs, measuredMs } = this.#job
    setTimeout(() => {
      const before = process.cpuUsage()
      const read = () => {
        const { user, system } = process.cpuUsage(before)
        this.usedS = (user + system) / 1e6
      }
      setTimeout(read, measuredMs).unref()
    }, warmUpMs).unref()
  }
}

const [job = '{}', ...flags] = process.argv.slice(2)
await exitWith((signals) => measure(JSON.parse(job), flags, signals))
