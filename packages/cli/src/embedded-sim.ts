import { type ChildProcess, spawn } from 'node:child_process'
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
export async function startEmbeddedSim(model: string | null): Promise<EmbeddedSim> {
  const args = ['sim', '--port', '0', ...(model === null ? [] : ['--model', model])]
  const child = spawn(process.execPath, [LLMLOAD, ...args], {
    detached: true,
    env: childEnv(process.env, null),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { url } = await addressOf(child)
  return { url, stop: () => kill(child) }
}

async function addressOf(child: ChildProcess): Promise<SimAddress> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    const how = signal === null ? `exit code ${code}` : signal
    throw new LoadError('TARGET_UNREACHABLE', `the simulator did not start: ${how}`, 'what it said stands above')
  })
  const [address] = await Promise.race([once(child, 'message'), ended])
  return address
}

/** By force: it has nothing to lose, and answers that still go on are of no use. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
