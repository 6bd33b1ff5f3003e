import type { RunConfig } from './run-config.js'
import type { ValueType } from './values.js'

/** Where a setting may come from, the strongest last. */
export const SOURCES = ['file', 'env', 'flag'] as const
export type Source = (typeof SOURCES)[number]

/** What a process of llmload does: a whole run, one with workers that others start, or a worker's part of one. */
export type Role = RunConfig['role']

/** Options that help and documentation show under one heading. */
export interface Group {
  readonly title: string
  /** Roles that they matter for; all, if not given. */
  readonly roles?: readonly Role[]
}

/** What the command line, the environment, config files, help and documentation know of one option. */
export interface Option<T = unknown, Default extends string | null = string | null> {
  readonly group: Group
  /** One letter. */
  readonly alias?: string
  readonly type: ValueType<T>
  /** As a person would write it; null = not set. */
  readonly default: Default
  /** What holds while the option is not set, where `default` is null. */
  readonly unset?: string
  readonly help: string
  /** Where it may be set; everywhere, if not given. */
  readonly sources?: readonly Source[]
  /** Its value must not be shown. */
  readonly secret?: true
}

/** One row of an option table; its only use is that the row keeps its own type. */
export const option = <T, Default extends string | null>(option: Option<T, Default>): Option<T, Default> => option

/** Roles that carry out a run. */
export const RUN: readonly Role[] = ['local', 'master']

/** Options by their long names. */
export type OptionTable = Readonly<Record<string, Option>>

type ValueOf<O> = O extends Option<infer T, infer Default> ? (Default extends null ? T | null : T) : never
export type ValuesOf<Table extends OptionTable> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

/** One option as a person set it. */
export interface Setting {
  readonly option: string
  /** The option as that person wrote it: `-u`, `LLMLOAD_USERS`, `users in load.yaml`. */
  readonly typed: string
  readonly source: Source
  readonly text: string
}

/** Something that a person has to change, in a sentence, and the way out where the sentence does not say it. */
export interface Problem {
  readonly message: string
  readonly hint?: string
}

/** Environment variable of an option. */
export const envName = (option: string, prefix = 'LLMLOAD_'): string =>
  prefix + option.toUpperCase().replaceAll('-', '_')

export const takesSource = (option: Option, source: Source): boolean => (option.sources ?? SOURCES).includes(source)

/** The setting of an option that counts: of the strongest source, the last; a list has all of that source. */
export function strongest(name: string, option: Option, settings: readonly Setting[]): Setting | undefined {
  const candidates = settings.filter((setting) => setting.option === name)
  const source = SOURCES.findLast((source) => candidates.some((setting) => setting.source === source))
  const ofSource = candidates.filter((setting) => setting.source === source)
  const last = ofSource.at(-1)
  return last && option.type.list ? { ...last, text: ofSource.map(({ text }) => text).join('\n') } : last
}

/**
 * The values of all options: the strongest settings, and defaults for the rest. An option with a
 * problem has its default (or null), so that everything else can be checked too.
 */
export function readSettings<Table extends OptionTable>(
  table: Table,
  settings: readonly Setting[],
): { values: ValuesOf<Table>; problems: Problem[] } {
  const values: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const [name, option] of Object.entries(table)) {
    const fallback = option.default === null ? null : defaultOf(option, option.default)
    const setting = strongest(name, option, settings)
    const parsed = setting && option.type.parse(setting.text)
    if (parsed && 'expected' in parsed) problems.push(problemOf(option, setting, parsed))
    values[name] = parsed && 'value' in parsed ? parsed.value : fallback
  }
  // Each key of the table was given a value of its own type.
  return { values: values as ValuesOf<Table>, problems }
}

function defaultOf(option: Option, text: string): unknown {
  const parsed = option.type.parse(text)
  if ('value' in parsed) return parsed.value
  throw new TypeError(`the default '${text}' of an option is not ${parsed.expected}`)
}

function problemOf(
  option: Option,
  { typed, text }: Setting,
  { expected, hint }: { expected: string; hint?: string },
): Problem {
  const shown = option.secret || text === '' ? '' : `, not '${withoutPassword(text)}'`
  return { message: `${typed} must be ${expected}${shown}`, ...(hint !== undefined && { hint }) }
}

/** A URL may have a user and a password, and a password anything. */
export const withoutPassword = (text: string): string => text.replace(/^(.*?:\/\/)?.*@/s, '$1…@')
