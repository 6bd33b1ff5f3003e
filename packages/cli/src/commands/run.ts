import { type ExitCode, type RunConfig, systemClock } from '@llmload/core'
import { runMaster } from '@llmload/master'
import type { Checked } from '../command-line.js'
import { startEmbeddedSim } from '../embedded-sim.js'
import type { Signals } from '../exit.js'
import { openLog } from '../logger.js'
import { version } from '../version.js'
import { type WorkerCommand, Workers } from '../worker-processes.js'

/** A whole run: the master in this process, its workers of this host and the simulator (`-H sim`) as children. */
export async function run(checked: Checked, { drain, now }: Signals): Promise<ExitCode> {
  const { config } = checked
  const clock = systemClock()
  const log = openLog(checked, clock)
  log.info({ seed: config.seed }, `Starting llmload ${version}`)
  if (!config.output.headless) log.info({}, 'there is no web page yet: running headless')

  const sim = config.target.baseUrl === null ? await startEmbeddedSim(config.target.model) : null
  const baseUrl = sim?.url ?? config.target.baseUrl ?? ''
  const started: Workers[] = []
  try {
    return await runMaster(
      {
        config,
        baseUrl,
        version,
        startWorkers: (address) => {
          if (config.fleet.processes === 0) return null
          const workers = new Workers(commandOf(config, address))
          started.push(workers)
          return workers
        },
      },
      {
        clock,
        log,
        stdout: (text) => process.stdout.write(text),
        stderr: (text) => process.stderr.write(text),
        stdoutColumns: process.stdout.columns,
        drain,
        now,
      },
    )
  } finally {
    await Promise.all([...started, ...(sim ? [sim] : [])].map((children) => children.stop()))
  }
}

function commandOf(
  config: RunConfig,
  { host, port, token }: { host: string; port: number; token: string | null },
): WorkerCommand {
  const { level } = config.logging
  const { processes: count } = config.fleet
  return { count, masterHost: host, masterPort: port, token, logLevel: level, showLog: level === 'DEBUG' }
}
