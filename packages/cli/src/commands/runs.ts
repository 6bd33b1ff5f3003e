import { EXIT, LoadError, OPTIONS, systemClock } from '@llmload/core'
import { readRun, runFolders } from '@llmload/master'
import { readCommandOptions } from '../command-options.js'
import { optionsHelp } from '../help.js'
import { RUNS_TABLE } from '../history-options.js'
import { badOptions } from '../print-problems.js'
import { type ListedRun, listed, unreadable } from '../runs/listed-run.js'
import { runsTable } from '../runs/table.js'
import { runsDirOf } from '../runs-dir.js'

const DEFAULT_COUNT = '20'

/** `llmload runs`: the runs that are kept, newest first. */
export function runs(argv: readonly string[]): number {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(process.stdout.columns))
    return EXIT.ok
  }
  const { values, words } = readCommandOptions(argv, RUNS_TABLE, { command: 'llmload runs', maxWords: 1 })
  const count = readCount(words[0] ?? DEFAULT_COUNT)
  const { path } = runsDirOf(values['runs-dir'], process.env)
  const folders = runFolders(path)
  const shown = folders.slice(0, count).map(read)
  const text = folders.length === 0 ? `no run is kept in ${path}\n` : runsTable(shown, { path, all: folders.length })
  process.stdout.write(values.json ? `${JSON.stringify(shown, null, 2)}\n` : text)
  return EXIT.ok
}

function readCount(word: string): number {
  const parsed = OPTIONS.users.type.parse(word)
  if ('value' in parsed) return parsed.value
  throw badOptions([{ message: `the number of runs must be ${parsed.expected}, not '${word}'` }], 'llmload runs --help')
}

/** One folder that cannot be read hides no other. */
function read(folder: string): ListedRun {
  try {
    return listed(readRun(folder, systemClock()))
  } catch (error) {
    if (error instanceof LoadError) return unreadable(folder)
    throw error
  }
}

const helpText = (columns = 100): string => `llmload runs: list the runs that are kept, newest first

Usage:
  llmload runs [N] [options]            the last N runs, ${DEFAULT_COUNT} unless told

${optionsHelp(RUNS_TABLE, columns)}

llmload report prints the results of one of them.
`
