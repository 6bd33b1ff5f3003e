import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { messageOf, OPTIONS, type Resolution, resolve, type Setting, strongest } from '@llmload/core'
import { readFlags } from './args.js'
import { readConfigFile } from './config-file.js'
import { readEnvironment } from './environment.js'
import { badOptions } from './print-problems.js'
import type { Collected } from './settings.js'

/** Short enough to be typed again. */
const MAX_SEED = 1_000_000

/** Secrets that may stand in a file of their own. */
const TOKENS = ['token', 'control-token', 'view-token'] as const

export type Checked = Extract<Resolution, { config: unknown }>

/**
 * The configuration of flags, environment and config file. Throws BAD_OPTIONS with all that is
 * wrong with them.
 */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Checked {
  const environment = readEnvironment(env, OPTIONS)
  const sources: Collected[] = [readFlags(argv, OPTIONS), environment]
  const settingsSoFar = (): Setting[] => sources.flatMap(({ settings }) => settings)

  const configFile = strongest('config', OPTIONS.config, settingsSoFar())
  if (configFile !== undefined) sources.push(readConfigFile(configFile.text, OPTIONS))
  for (const token of TOKENS) {
    const file = strongest(`${token}-file`, OPTIONS[`${token}-file`], settingsSoFar())
    if (file !== undefined) sources.push(readTokenFile(token, file))
  }

  const resolution = resolve(settingsSoFar(), { cpuCount: availableParallelism(), freshSeed: randomInt(MAX_SEED) })
  const problems = sources.flatMap(({ problems }) => problems)
  if ('problems' in resolution) throw badOptions([...problems, ...resolution.problems], 'llmload --help')
  if (problems.length > 0) throw badOptions(problems, 'llmload --help')
  return { config: resolution.config, warnings: [...environment.warnings, ...resolution.warnings] }
}

/** A token counts where the file that it stands in was named: a file named by a flag beats LLMLOAD_TOKEN. */
function readTokenFile(option: (typeof TOKENS)[number], { typed, source, text: path }: Setting): Collected {
  try {
    const text = readFileSync(path, 'utf8')
    return { settings: [{ option, typed: `the token of ${typed}`, source, text }], problems: [] }
  } catch (error) {
    return { settings: [], problems: [{ message: `${typed} cannot be read: ${messageOf(error)}` }] }
  }
}
