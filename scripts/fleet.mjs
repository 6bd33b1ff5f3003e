// `npm run test:fleet`: llmload on hosts of its own, with misfortunes. What follows `--` goes to vitest, but
// --long (also what stands still for a minute), --soak 30m, --chaos 60s and --seed N.
import { spawn } from 'node:child_process'
import { ROOT } from './child.mjs'
import { bin, build, install } from './prepare.mjs'

const SECONDS = { s: 1, m: 60, h: 3600 }

/** @type {Record<string, string>} */
const env = {}
let project = 'fleet*'
/** @type {string[]} */
const rest = []

const args = process.argv.slice(2)
for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
  if (arg === '--long') env.FLEET_LEVEL = 'long'
  else if (arg === '--chaos') env.FLEET_CHAOS_S = secondsOf(arg, args.shift())
  else if (arg === '--seed') env.FLEET_SEED = args.shift() ?? ''
  else if (arg === '--soak') {
    project = 'soak'
    env.FLEET_SOAK_S = secondsOf(arg, args.shift())
  } else rest.push(arg)
}

const { signal } = new AbortController()
for (const prepare of [install, build]) {
  const { ok, output } = await prepare(signal)
  if (!ok) throw new Error(output)
}
const vitest = spawn(bin('vitest'), ['run', '--project', project, '--reporter=verbose', ...rest], {
  cwd: ROOT,
  env: { ...process.env, ...env },
  stdio: 'inherit',
})
vitest.on('exit', (code) => {
  process.exitCode = code ?? 1
})

/**
 * `90`, `90s`, `30m` or `1h` in seconds.
 *
 * @param {string} option
 * @param {string | undefined} text
 */
function secondsOf(option, text) {
  const match = text?.match(/^(\d+)([smh]?)$/)
  if (!match) throw new Error(`${option} needs a duration, such as 90s or 30m, not ${text}`)
  return String(Number(match[1]) * SECONDS[/** @type {'s' | 'm' | 'h'} */ (match[2] || 's')])
}
