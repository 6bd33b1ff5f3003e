import { EXIT, LoadError, systemClock } from '@llmload/core'
import { FORMATS, findRun, historyCsv, isComplete, readRun, type StoredRun, storedResults } from '@llmload/master'
import { readCommandOptions } from '../command-options.js'
import { optionsHelp } from '../help.js'
import { REPORT_TABLE } from '../history-options.js'
import { runsDirOf } from '../runs-dir.js'

/** `llmload report RUN`: what a run printed and wrote, made again from its folder. */
export function report(argv: readonly string[]): number {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(process.stdout.columns))
    return EXIT.ok
  }
  const { values, words } = readCommandOptions(argv, REPORT_TABLE, { command: 'llmload report', maxWords: 1 })
  const folder = findRun(words[0] ?? 'latest', runsDirOf(values['runs-dir'], process.env).path)
  const run = readRun(folder, systemClock())
  const { totals } = run
  if (totals === null) throw nothingSaved(run)
  if (!isComplete(totals)) process.stderr.write(`${whyUnfinished(run, totals.atS)}\n`)
  const source = {
    ...storedResults(totals),
    historyCsv: () => historyCsv(folder),
    columns: process.stdout.columns,
  }
  process.stdout.write(FORMATS[values.format](source))
  return EXIT.ok
}

const WHY_UNFINISHED = {
  running: 'the run goes on',
  crashed: 'the run did not finish',
  finished: 'the end of the run could not be saved',
} as const satisfies Record<StoredRun['state'], string>

const whyUnfinished = ({ state }: StoredRun, atS: number): string =>
  `${WHY_UNFINISHED[state]}; these are its numbers until ${atS.toFixed(0)} s`

function nothingSaved({ folder, state, outcome }: StoredRun): LoadError {
  const why = outcome?.error
    ? `it was not carried out (${outcome.error})`
    : { running: 'it has just begun', crashed: 'it ended too early', finished: 'it was not carried out' }[state]
  return new LoadError('RUN_FOLDER', `${folder} has no numbers: ${why}`, 'its llmload.log says how far it came')
}

const helpText = (columns = 100): string => `llmload report: print the results of a run again, or export them

RUN is a folder, the beginning of a run's id as llmload runs lists it, or latest, which is the default.
Everything is equal to the byte to what the run itself printed and wrote. Of a run that did not finish
there are the numbers that were saved last, ten seconds before it ended or less.

Usage:
  llmload report [RUN] [options]

${optionsHelp(REPORT_TABLE, columns)}

  llmload report latest
  llmload report 1a2b3c4d --format summary-csv > run.csv
`
