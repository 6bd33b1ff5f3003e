import { envName, type Option, type OptionTable, takesSource } from '@llmload/core'

const INDENT = '  '
const USAGE_WIDTH = 32
const MIN_GAP = 2
const MIN_WIDTH = 72
const MAX_WIDTH = 110

/** `-H, --host URL`; a switch that is on shows how it is turned off too. */
export function usageOf(name: string, { alias, type, default: text, sources }: Option): string {
  const long = sources?.every((source) => source === 'env') ? envName(name) : `--${name}`
  const value = type.placeholder === null ? '' : ` ${type.placeholder}`
  const off = type.placeholder === null && text === 'true' ? `, --no-${name}` : ''
  return `${alias === undefined ? '' : `-${alias}, `}${long}${off}${value}`
}

/** What holds when an option is not set; empty for a switch that is off. */
export function defaultOf({ type, default: text, unset }: Option): string {
  if (type.placeholder === null) return text === 'true' ? 'on' : ''
  return unset ?? text ?? ''
}

/** The options of a table, group by group, for a terminal that is `columns` wide. */
export function optionsHelp(table: OptionTable, columns: number): string {
  const width = Math.min(Math.max(columns, MIN_WIDTH), MAX_WIDTH)
  return groupsOf(table)
    .map(({ title, options }) => [`${title}:`, ...options.map((option) => optionHelp(option, width))].join('\n'))
    .join('\n\n')
}

export interface NamedOption {
  readonly name: string
  readonly option: Option
}

/** The groups of a table with their options, in the order of the table. */
export function groupsOf(table: OptionTable): { title: string; options: NamedOption[] }[] {
  const named = Object.entries(table).map(([name, option]) => ({ name, option }))
  const titles = [...new Set(named.map(({ option }) => option.group.title))]
  return titles.map((title) => ({ title, options: named.filter(({ option }) => option.group.title === title) }))
}

function optionHelp({ name, option }: NamedOption, width: number): string {
  const usage = INDENT + (option.alias === undefined ? '    ' : '') + usageOf(name, option)
  const indent = ' '.repeat(USAGE_WIDTH)
  const lines = wrapped(option.help + notesOf(name, option), width - USAGE_WIDTH)
  const first = usage.length <= USAGE_WIDTH - MIN_GAP ? usage.padEnd(USAGE_WIDTH) : `${usage}\n${indent}`
  return first + lines.join(`\n${indent}`)
}

/** ` [512; LLMLOAD_PROMPT_TOKENS]` */
function notesOf(name: string, option: Option): string {
  const isVariableToo = takesSource(option, 'env') && takesSource(option, 'flag')
  const notes = [defaultOf(option), isVariableToo ? envName(name) : ''].filter((note) => note !== '')
  return notes.length === 0 ? '' : ` [${notes.join('; ')}]`
}

/** Lines of whole words, each at most `width` long unless one word is longer. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
