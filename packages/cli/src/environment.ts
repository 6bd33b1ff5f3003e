import { envName, type OptionTable, type Setting } from '@llmload/core'
import { type Collected, collect, suggestion } from './settings.js'

/** Variables with this beginning are ours … */
const PREFIX = 'LLMLOAD_'

export interface Environment extends Collected {
  /** … but one that we do not know may be another program's: Kubernetes makes some for a service named llmload. */
  readonly warnings: readonly string[]
}

/** The settings of the environment. An empty variable counts as not set. */
export function readEnvironment(env: NodeJS.ProcessEnv, table: OptionTable): Environment {
  const read: Collected = { settings: [], problems: [] }
  const warnings: string[] = []
  const options = new Map(Object.keys(table).map((option) => [envName(option), option]))
  for (const [typed, text] of Object.entries(env)) {
    if (!typed.startsWith(PREFIX) || !text) continue
    const option = options.get(typed)
    const name = option ?? typed.slice(PREFIX.length).toLowerCase().replaceAll('_', '-')
    const setting: Setting = { option: name, typed, source: 'env', text }
    if (option === undefined) warnings.push(unknownVariable(table, setting))
    else collect(read, table, setting)
  }
  return { ...read, warnings }
}

function unknownVariable(table: OptionTable, setting: Setting): string {
  const { hint } = suggestion(table, setting)
  return `the variable ${setting.typed} is not known and does nothing${hint ? `; ${hint}` : ''}`
}
