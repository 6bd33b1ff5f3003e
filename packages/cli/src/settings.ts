import { envName, type OptionTable, type Problem, type Setting, takesSource } from '@llmload/core'
import { nearest } from './nearest.js'

/** What was read from one source or several. */
export interface Collected {
  readonly settings: Setting[]
  readonly problems: Problem[]
}

/** The name of an option as it is written where the setting stands. */
const SPELLING = {
  flag: (name: string) => `--${name}`,
  env: (name: string) => envName(name),
  file: (name: string) => name,
} as const satisfies Record<Setting['source'], (name: string) => string>

/** Adds a setting if the table has its option and allows it in this place, else what is wrong with it. */
export function collect(into: Collected, table: OptionTable, setting: Setting): void {
  const { option: name, typed, source } = setting
  const option = Object.hasOwn(table, name) ? table[name] : undefined
  if (option === undefined) into.problems.push({ message: `${typed} is not an option`, ...suggestion(table, setting) })
  else if (takesSource(option, source)) into.settings.push(setting)
  else {
    const way = takesSource(option, 'env') ? `set the variable ${envName(name)}` : `write --${name}`
    into.problems.push({ message: `${typed} cannot be set here`, hint: way })
  }
}

/** `did you mean …?`, or nothing if no option has a similar name. */
export function suggestion(table: OptionTable, { option, source }: Setting): { hint?: string } {
  const names = Object.entries(table).flatMap(([name, known]) => {
    if (!takesSource(known, source)) return []
    return source === 'flag' && known.type.placeholder === null ? [name, `no-${name}`] : [name]
  })
  const name = nearest(option, names)
  return name === undefined ? {} : { hint: `did you mean ${SPELLING[source](name)}?` }
}
