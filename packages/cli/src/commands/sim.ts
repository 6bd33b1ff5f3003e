import { once } from 'node:events'
import { EXIT } from '@llmload/core'
import { parseSimOptions, QUIRK_LIST, startFastSim, startSim } from '@llmload/sim'
import { readFlags } from '../args.js'
import type { SimAddress } from '../embedded-sim.js'
import { aborted, type Signals } from '../exit.js'
import { optionsHelp } from '../help.js'
import { badOptions } from '../print-problems.js'
import { SIM_TABLE } from '../sim-options.js'

/** `llmload sim`: a server to test against, until Ctrl-C. As a child of a run it ends with its parent too. */
export async function sim(argv: readonly string[], { drain }: Signals): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(process.stdout.columns))
    return EXIT.ok
  }
  const options = readOptions(argv)
  const server = options.fast ? await startFastSim(options) : await startSim(options)
  try {
    const address: SimAddress = { url: server.url }
    process.send?.(address)
    process.stdout.write(`llmload sim listens on ${server.url}; Ctrl-C ends it\n`)
    await Promise.race([aborted(drain), once(process, 'disconnect')])
    return EXIT.ok
  } finally {
    process.stdout.write(`${await server.close()}\n`)
  }
}

const QUIRK_COLUMN = 25

function readOptions(argv: readonly string[]) {
  const { settings, problems } = readFlags(argv, SIM_TABLE)
  const { options, problems: wrong } = parseSimOptions(
    Object.fromEntries(settings.map(({ option, text }) => [option, text])),
  )
  const all = [...problems, ...wrong.map((message) => ({ message }))]
  if (all.length > 0) throw badOptions(all, 'llmload sim --help')
  return options
}

const helpText = (columns = 100): string => `llmload sim: an inference server to test load tests against

It speaks the HTTP API of vLLM and OpenAI, and answers with generated text at the pace that you choose.

Usage:
  llmload sim [options]                 in one terminal …
  llmload -H http://127.0.0.1:8000      … and the test in another

${optionsHelp(SIM_TABLE, columns)}

Brackets hold the default.

Quirks, as --quirk takes them:
${QUIRK_LIST.map(({ name, sends }) => `  ${name.padEnd(QUIRK_COLUMN)}${sends}`).join('\n')}
`
