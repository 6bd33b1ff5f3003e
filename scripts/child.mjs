import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A process that has not gone so long after SIGTERM is killed. */
const GRACE_MS = 5000
/** No single command of ours takes so long: one that does, hangs. */
const LIMIT_MS = 15 * 60_000

/**
 * @typedef {object} Ended
 * @property {boolean} ok Whether it ran and ended with exit code 0.
 * @property {string} output All that it wrote to stdout and stderr, as it arrived.
 */

/**
 * Runs a command to its end and keeps its output; never rejects. The command leads a process group
 * of its own, and whatever is left of that group is ended with it.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ signal: AbortSignal, cwd?: string, env?: Record<string, string | undefined> }} options An abort ends it.
 * @returns {Promise<Ended>}
 */
export function run(command, args, { signal, cwd = ROOT, env = {} }) {
  const child = spawn(command, args, {
    cwd,
    // Where we run under `npm --silent`, an npm below us still has to say why it fails.
    env: { ...process.env, npm_config_loglevel: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const pid = child.pid
  let output = ''
  const keep = (/** @type {Buffer} */ data) => {
    output += data
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)

  return new Promise((resolve) => {
    /** @type {NodeJS.Timeout | undefined} */
    let grace
    const end = (/** @type {string} */ reason) => {
      output += `\n${command}: ${reason}\n`
      if (pid === undefined) return
      endGroup(pid, 'SIGTERM')
      grace = setTimeout(endGroup, GRACE_MS, pid, 'SIGKILL')
    }
    const limit = setTimeout(end, LIMIT_MS, `not ended after ${LIMIT_MS / 1000} s`)
    const onAbort = () => end('interrupted')
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })

    const settle = (/** @type {boolean} */ ok) => {
      clearTimeout(limit)
      clearTimeout(grace)
      signal.removeEventListener('abort', onAbort)
      resolve({ ok, output })
    }
    child.on('error', (error) => {
      output += `${command}: ${error.message}\n`
      if (pid === undefined) settle(false)
    })
    // A grandchild that holds our pipe would keep 'close' away.
    child.on('exit', () => pid !== undefined && endGroup(pid, 'SIGKILL'))
    child.on('close', (code) => settle(code === 0 && !signal.aborted))
  })
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // The group is gone.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}
