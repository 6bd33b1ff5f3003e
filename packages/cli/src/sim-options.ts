import type { Group, Option, OptionTable } from '@llmload/core'
import { SIM_OPTIONS } from '@llmload/sim'

type SimOption = (typeof SIM_OPTIONS)[number]

const SIMULATOR: Group = { title: 'Options of llmload sim' }

/** The option table of the simulator in the form in which flags are read and help is written; the simulator checks the values. */
export const SIM_TABLE: OptionTable = Object.fromEntries(SIM_OPTIONS.map((option) => [option.name, asOption(option)]))

function asOption({ default: value, help, ...option }: SimOption): Option {
  const isUnset = value === null || Array.isArray(value)
  return {
    group: SIMULATOR,
    type: { placeholder: placeholderOf(option), parse: (text) => ({ value: text }) },
    default: isUnset ? null : String(value),
    ...(isUnset && { unset: 'off' }),
    help,
    sources: ['flag'],
  }
}

function placeholderOf({ type, unit, choices }: Pick<SimOption, 'type' | 'unit' | 'choices'>): string | null {
  switch (type) {
    case 'switch':
      return null
    case 'choice':
      return (choices ?? []).join('|')
    case 'list':
      return 'NAME,…'
    case 'text':
      return 'TEXT'
    default:
      return unit === 'ms' ? 'MS' : 'N'
  }
}
