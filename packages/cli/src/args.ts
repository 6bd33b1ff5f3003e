import { parseArgs } from 'node:util'
import { type OptionTable, type Problem, withoutPassword } from '@llmload/core'
import { type Collected, collect } from './settings.js'

interface Flag {
  /** As typed: `-u`, `--max_tokens`. */
  readonly rawName: string
  readonly name: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

/**
 * The flags of a command line: `--a-b` and `--a_b`, `--a=1`, `--a 1`, `-a 1`, `-a1`, `--no-a`.
 * Everything that is wrong is listed; nothing is guessed. A command that takes words beside its
 * options finds up to `maxWords` in `words`.
 */
export function readFlags(
  argv: readonly string[],
  table: OptionTable,
  maxWords = 0,
): Collected & { readonly words: readonly string[] } {
  const read: Collected = { settings: [], problems: [] }
  const words: string[] = []
  const { tokens } = parseArgs({
    args: [...argv],
    options: parserOptions(table),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  let mayBeItsValue = false
  for (const token of tokens) {
    if (token.kind === 'positional' && !mayBeItsValue) {
      if (words.length < maxWords) words.push(token.value)
      else read.problems.push(unexpected(token.value))
    }
    if (token.kind === 'option') collectFlag(read, table, token)
    mayBeItsValue = token.kind === 'option' && token.value === undefined && !isKnown(table, longName(token.name))
  }
  return { ...read, words }
}

/** Both spellings of each name, so that the parser knows which ones take a value. */
function parserOptions(table: OptionTable) {
  const entries = Object.entries(table).flatMap(([name, { alias, type }]) => {
    const parser = { type: type.placeholder === null ? 'boolean' : 'string' } as const
    const spelling = alias === undefined ? parser : { ...parser, short: alias }
    return [[name.replaceAll('-', '_'), parser] as const, [name, spelling] as const]
  })
  return Object.fromEntries(entries)
}

const longName = (name: string): string => name.replaceAll('_', '-')

const isKnown = (table: OptionTable, name: string): boolean => Object.hasOwn(table, name)

const isSwitch = (table: OptionTable, name: string): boolean =>
  isKnown(table, name) && table[name]?.type.placeholder === null

function unexpected(word: string): Problem {
  return {
    message: `unexpected argument '${withoutPassword(word)}'`,
    hint: 'options begin with --; commands come first, as in llmload selftest: llmload --help lists them',
  }
}

function collectFlag(read: Collected, table: OptionTable, { rawName: typed, name, value, inlineValue }: Flag): void {
  const add = (option: string, text: string) => collect(read, table, { option, typed, source: 'flag', text })
  const option = longName(name)
  const negated = option.replace(/^no-/, '')
  if (isSwitch(table, option)) add(option, value ?? 'true')
  else if (!isKnown(table, option)) add(isSwitch(table, negated) && value === undefined ? negated : option, 'false')
  else if (value === undefined) read.problems.push({ message: `${typed} needs a value` })
  else if (!inlineValue && looksLikeFlag(value)) read.problems.push(missingValue(typed))
  // The parser leaves the sign in `-t=2m`.
  else add(option, inlineValue && !typed.startsWith('--') ? value.replace(/^=/, '') : value)
}

/** `-1` and `- a list` are values, `--chat` and `-m` are not. */
const looksLikeFlag = (word: string): boolean => /^--?[a-z]/i.test(word)

function missingValue(typed: string): Problem {
  const spelling = typed.startsWith('--') ? `${typed}=VALUE` : `${typed}VALUE`
  return {
    message: `${typed} needs a value; what follows it looks like an option`,
    hint: `write ${spelling} if it is the value`,
  }
}
