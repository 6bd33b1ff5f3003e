import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { LoadError } from '@llmload/core'
import { childEnv, LLMLOAD } from './worker-processes.js'

/** What the simulator tells the process that started it. */
export interface SimAddress {
  readonly url: string
}

export interface EmbeddedSim extends SimAddress {
  stop(): Promise<void>
}

/**
 * Starts `llmload sim` on a free port, in a process of its own: its work must not disturb the one
 * that measures. It ends when we tell it to, or when our end of its channel is closed.
 */
export async function startEmbeddedSim(flags: readonly string[]): Promise<EmbeddedSim> {
  const child = spawn(process.execPath, [LLMLOAD, 'sim', '--port', '0', ...flags], {
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
    // By force: it has nothing to lose, and answers that still go on are of no use.
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
