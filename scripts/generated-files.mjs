import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, run } from './child.mjs'

/** @import { Ended } from './child.mjs' */

/**
 * Generates all generated files anew: they are up to date if no file of the checkout changes by
 * that. Compared is with the files as they are, not with the last commit, so that a change and what
 * is generated from it can be tested before they are committed.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<Ended>}
 */
export async function generatedFilesAreUpToDate(signal) {
  const before = readCheckout()
  const generation = await run(process.execPath, [join(ROOT, 'scripts', 'docs.mjs')], { signal })
  if (!generation.ok) return generation
  const after = readCheckout()
  const stale = [...after].filter(([file, text]) => before.get(file) !== text).map(([file]) => `  ${file}`)
  if (stale.length === 0) return { ok: true, output: '' }
  const head = 'These files were out of date and are generated anew. Look at the difference and commit it:'
  return { ok: false, output: [head, ...stale].join('\n') }
}

/** @returns {Map<string, string>} Text of each file that git tracks or would track. */
function readCheckout() {
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  const files = String(listing).split('\0')
  const existing = files.filter((file) => file !== '' && existsSync(join(ROOT, file)))
  return new Map(existing.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))
}
