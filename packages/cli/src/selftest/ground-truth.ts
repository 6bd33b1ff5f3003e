import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { LoadError } from '@llmload/core'
import type { SimAddress } from '../embedded-sim.js'
import { childEnv, LLMLOAD } from '../worker-processes.js'

export interface GroundTruth extends SimAddress {
  stop(): Promise<void>
}

export interface TruePace {
  readonly ttftMs: number
  readonly itlMs: number
  /** Processes of the simulator. */
  readonly processes: number
}

/** Starts the simulator in its fast mode, with the true send time in each chunk. */
export async function startGroundTruth({ ttftMs, itlMs, processes }: TruePace): Promise<GroundTruth> {
  const pace = ['--ttft-ms', `${ttftMs}`, '--itl-ms', `${itlMs}`, '--processes', `${processes}`]
  const child = spawn(process.execPath, [LLMLOAD, 'sim', '--port', '0', '--fast', '--stamp-chunks', ...pace], {
    detached: true,
    env: childEnv(process.env, null),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const failed = exited.then(([code, signal]) => {
    const how = signal ?? `exit code ${code}`
    throw new LoadError('TARGET_UNREACHABLE', `the simulator did not start: ${how}`, 'what it said stands above')
  })
  const [address] = await Promise.race([once(child, 'message'), failed])
  const { url }: SimAddress = address
  failed.catch(() => {}) // from now on its end is no error
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
