// `npm run quickstart`: the guide's command, for 20 s against the built-in simulator.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from './child.mjs'
import { build, install } from './prepare.mjs'

const CSV = 'vllm_locust.csv'
const ARGS = `--provider vllm -H sim --headless --summary-file ${CSV} --qps 1.0 -u 100 -r 100 -p 1000 -o 100 -t 20s`

const interruption = new AbortController()
process.on('SIGINT', () => interruption.abort())
process.on('SIGTERM', () => interruption.abort())

process.exitCode = (await prepare()) ? await load() : 1

async function prepare() {
  for (const [sentence, step] of /** @type {const} */ ([
    ['Installing …', install],
    ['Building …', build],
  ])) {
    console.log(sentence)
    const { ok, output } = await step(interruption.signal)
    if (!ok) {
      console.error(output)
      return false
    }
  }
  return true
}

/** Ctrl-C reaches the child too, which then ends its run and reports it: here that is only waited for. */
async function load() {
  console.log(`\n$ npx llmload ${ARGS}\n`)
  const child = spawn(process.execPath, [join(ROOT, 'packages/cli/bin/llmload.js'), ...ARGS.split(' ')], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  process.on('SIGTERM', () => child.kill())
  const [code] = await once(child, 'exit')
  if (code === 0) console.log(`\nThe summary is appended to ${join(ROOT, CSV)}`)
  return code ?? 1
}
