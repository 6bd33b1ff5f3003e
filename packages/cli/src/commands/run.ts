import { type ExitCode, type RunConfig, systemClock } from '@llmload/core'
import { type MasterAddress, runMaster } from '@llmload/master'
import type { Checked } from '../command-line.js'
import { startEmbeddedSim } from '../embedded-sim.js'
import type { Signals } from '../exit.js'
import { listenToKeys } from '../keys.js'
import { LogLines } from '../log-lines.js'
import { openLog } from '../logger.js'
import { runsDirOf } from '../runs-dir.js'
import { version } from '../version.js'
import { type WorkerCommand, Workers } from '../worker-processes.js'

/** A whole run: the master in this process, its workers of this host and the simulator (`-H sim`) as children. */
export async function run(checked: Checked, { drain, now }: Signals): Promise<ExitCode> {
  const { config } = checked
  const clock = systemClock()
  const logLines = new LogLines()
  const log = openLog(checked, clock, (line) => logLines.add(line))
  log.info({ seed: config.seed }, `Starting llmload ${version}`)
  if (!config.output.headless) log.info({}, 'there is no web page yet: running headless')

  const sim = config.target.baseUrl === null ? await startEmbeddedSim(simFlags(config)) : null
  const baseUrl = sim?.url ?? config.target.baseUrl ?? ''
  const started: Workers[] = []
  let stopKeys = (): void => {}
  try {
    return await runMaster(
      {
        config,
        baseUrl,
        version,
        runsDir: config.output.history ? runsDirOf(config.output.runsDir, process.env) : null,
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
        logLines,
        stdout: (text) => process.stdout.write(text),
        stderr: (text) => process.stderr.write(text),
        stdoutColumns: process.stdout.columns,
        drain,
        now,
        onControl: (control) => {
          if (process.stdin.isTTY) stopKeys = listenToKeys({ stdin: process.stdin, control, log })
        },
      },
    )
  } finally {
    stopKeys()
    await Promise.all([...started, ...(sim ? [sim] : [])].map((children) => children.stop()))
  }
}

const simFlags = ({ target: { model } }: RunConfig): string[] => (model === null ? [] : ['--model', model])

function commandOf(config: RunConfig, { host, port, token, fingerprint }: MasterAddress): WorkerCommand {
  const { level } = config.logging
  const { processes: count } = config.fleet
  const tls = fingerprint === null ? null : { masterFingerprint: fingerprint, caFile: null }
  return { count, masterHost: host, masterPort: port, token, tls, logLevel: level, showLog: level === 'DEBUG' }
}
