import { setTimeout as delay } from 'node:timers/promises'
import { EXIT, type FleetConfig, type LogLevel, systemClock } from '@llmload/core'
import { runWorker } from '@llmload/worker'
import type { Checked } from '../command-line.js'
import { aborted, type Signals } from '../exit.js'
import { openLog } from '../logger.js'
import { masterAddress } from '../master-address.js'
import { version } from '../version.js'
import { Workers } from '../worker-processes.js'

/** After the second Ctrl-C: what was in flight is cancelled and reported in a moment, if the master is there. */
const LEAVE_NOW_LIMIT_MS = 2000

/** `--worker`: this process is one worker, or starts several and waits for them. */
export async function worker(checked: Checked, signals: Signals): Promise<number> {
  const { fleet, logging } = checked.config
  const clock = systemClock()
  const log = openLog(checked, clock)
  const work = fleet.processes > 1 ? manage(fleet, logging.level, signals) : workAlone()
  const isOrphaned = orphaned().then(() => {
    log.error({}, 'the process that started this worker is gone, and so is its load')
    return EXIT.notCarriedOut
  })
  const isImpatient = aborted(signals.now).then(() => delay(LEAVE_NOW_LIMIT_MS, EXIT.notCarriedOut))
  return Promise.race([work, isOrphaned, isImpatient])

  async function workAlone(): Promise<number> {
    const maxWaitMs = fleet.masterMaxWaitS * 1000
    const { allowedTargets } = fleet
    const leaving = { leave: signals.drain, leaveNow: signals.now }
    await runWorker({ ...masterAddress(fleet), ...leaving, clock, log, version, maxWaitMs, allowedTargets })
    return EXIT.ok
  }
}

/** Resolves when the llmload that started this process as one of its workers is gone: it cannot come back as a master can. */
function orphaned(): Promise<void> {
  return new Promise((resolve) => {
    process.once('disconnect', () => resolve())
    process.channel?.unref()
  })
}

/** Several workers: Ctrl-C is passed on to them, and the worst exit code is ours. */
async function manage(fleet: FleetConfig, logLevel: LogLevel, { drain, now }: Signals): Promise<number> {
  const { processes: count, masterHost, masterPort, token, tls, allowedTargets } = fleet
  const workers = new Workers({ count, masterHost, masterPort, token, tls, allowedTargets, logLevel, showLog: true })
  drain.addEventListener('abort', () => workers.leave())
  now.addEventListener('abort', () => workers.leave())
  const ends = await workers.ends
  return Math.max(...ends.map(({ code }) => code ?? EXIT.notCarriedOut))
}
