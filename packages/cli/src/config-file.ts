import { readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { messageOf, type OptionTable } from '@llmload/core'
import { parse, TomlError } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { type Collected, collect } from './settings.js'

/** How the text of a file becomes a value, by suffix. Each throws with the line in its message where it can. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  '.yaml': (text) => parseYaml(text),
  '.yml': (text) => parseYaml(text),
  '.json': parseJson,
  '.toml': parseToml,
}

/** The settings of a config file: options by their long names, with - or _. Unknown names are problems. */
export function readConfigFile(path: string, table: OptionTable): Collected {
  const read: Collected = { settings: [], problems: [] }
  const parser = PARSERS[extname(path).toLowerCase()]
  if (parser === undefined) {
    const suffixes = Object.keys(PARSERS).join(', ')
    read.problems.push({
      message: `the config file ${path} has no known suffix`,
      hint: `name it with one of ${suffixes}`,
    })
    return read
  }
  try {
    collectAll(read, table, parser(readFileSync(path, 'utf8')), basename(path))
  } catch (error) {
    // Parsers add a drawing of the place on further lines.
    const [reason = ''] = messageOf(error).split('\n')
    read.problems.push({ message: `the config file ${path} cannot be read: ${reason.replace(/:$/, '')}` })
  }
  return read
}

function collectAll(read: Collected, table: OptionTable, content: unknown, file: string): void {
  if (content === null || content === undefined) return
  if (!isMapping(content)) {
    read.problems.push({
      message: `the config file ${file} is not a list of options with values`,
      hint: 'write lines like users: 10',
    })
    return
  }
  for (const [key, value] of Object.entries(content)) {
    const option = key.replaceAll('_', '-')
    const typed = `${key} in ${file}`
    const texts = textsOf(value, table[option]?.type.list === true)
    if (texts === null) read.problems.push({ message: `${typed} must be a single value` })
    else for (const text of texts) collect(read, table, { option, typed, source: 'file', text })
  }
}

/** The value or, where a list is allowed, values of a key as texts; none for null, and null for what cannot be one. */
function textsOf(value: unknown, isList: boolean): string[] | null {
  if (value === null) return []
  if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return [String(value)]
  if (!isList || typeof value !== 'object') return null
  // In YAML `x-team: search` is a mapping where a header was meant.
  const items = Array.isArray(value)
    ? value.map((item) => textsOf(item, true))
    : Object.entries(value).map(([name, item]) => textsOf(item, false)?.map((text) => `${name}:${text}`) ?? null)
  return items.some((item) => item === null) ? null : items.flatMap((item) => item ?? [])
}

const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = / at position (\d+)/.exec(messageOf(error))?.[1]
    const line = text.slice(0, position === undefined ? text.length : Number(position)).split('\n').length
    const [reason] = messageOf(error).split(/ in JSON at position| \(line/)
    throw new SyntaxError(`${reason} at line ${line}`)
  }
}

function parseToml(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new SyntaxError(`${error.message.split('\n', 1)[0]} at line ${error.line}`)
  }
}
