import { type OptionTable, readSettings, type ValuesOf } from '@llmload/core'
import { readFlags } from './args.js'
import { readEnvironment } from './environment.js'
import { badOptions } from './print-problems.js'

/**
 * Options of a command that has its own, from flags and the environment, and up to `maxWords` words
 * beside them. Throws BAD_OPTIONS with all that is wrong.
 */
export function readCommandOptions<Table extends OptionTable>(
  argv: readonly string[],
  table: Table,
  { command, maxWords }: { readonly command: string; readonly maxWords: number },
): { values: ValuesOf<Table>; words: readonly string[] } {
  const flags = readFlags(argv, table, maxWords)
  // A variable that this command does not know is one of another command.
  const environment = readEnvironment(process.env, table)
  const { values, problems } = readSettings(table, [...environment.settings, ...flags.settings])
  const all = [...flags.problems, ...environment.problems, ...problems]
  if (all.length > 0) throw badOptions(all, `${command} --help`)
  return { values, words: flags.words }
}
