import { statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, run } from './child.mjs'

/**
 * Installs the dependencies unless what is installed is as new as the lock file.
 *
 * @param {AbortSignal} signal
 */
export async function install(signal) {
  if (isInstalled()) return { ok: true, output: '' }
  return run('npm', ['ci', '--no-audit', '--no-fund'], { signal })
}

/** @param {AbortSignal} signal */
export function build(signal) {
  return run(bin('tsc'), ['--build'], { signal })
}

/**
 * A command that a dependency brings.
 *
 * @param {string} name
 */
export const bin = (name) => join(ROOT, 'node_modules', '.bin', name)

function isInstalled() {
  const installed = statSync(join(ROOT, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined && installed.mtimeMs >= statSync(join(ROOT, 'package-lock.json')).mtimeMs
}
