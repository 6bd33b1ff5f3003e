import { openSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  type Clock,
  hideSecrets,
  LoadError,
  type Log,
  type LoggingConfig,
  type LogLevel,
  messageOf,
  type RunConfig,
  secretTexts,
} from '@llmload/core'
import { pino } from 'pino'
import type { Checked } from './command-line.js'

const PINO_LEVELS = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
} as const satisfies Record<LogLevel, string>

/**
 * Log lines as Locust writes them, `[2026-11-25 00:40:43,424] host/INFO/llmload: message key=value`,
 * on stderr or in a file, and handed to `copy`. No line shows one of the secrets. Throws OUTPUT_FILE.
 */
export function createLogger(
  config: LoggingConfig,
  secrets: readonly string[],
  clock: Clock,
  copy: (line: string) => void = () => {},
): Log {
  const write = config.file === null ? (line: string) => process.stderr.write(line) : appender(config.file)
  const destination = {
    write(json: string) {
      const line = hideSecrets(readable(JSON.parse(json), clock.wallMs(clock.nowMs())), secrets)
      write(line)
      copy(line)
    },
  }
  return pino(
    { level: PINO_LEVELS[config.level], base: null, timestamp: false, formatters: { level: levelName } },
    destination,
  )
}

/** The log of a command. Begins with what its configuration warns about. */
export function openLog({ config, warnings }: Checked, clock: Clock, copy?: (line: string) => void): Log {
  const log = createLogger(config.logging, secretsOf(config), clock, copy)
  for (const warning of warnings) log.warn({}, warning)
  return log
}

/** The texts that nobody may see of a command. */
export function secretsOf({ secrets, fleet }: RunConfig): string[] {
  return secretTexts(secrets, fleet.token, fleet.viewToken, fleet.controlToken)
}

function levelName(label: string): { level: string } {
  return { level: Object.entries(PINO_LEVELS).find(([, name]) => name === label)?.[0] ?? label }
}

function readable({ level, msg, ...fields }: Record<string, unknown>, wallMs: number): string {
  const host = hostname().split('.', 1)[0]
  const values = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`)
  return `[${localTime(wallMs)}] ${host}/${level}/llmload: ${withoutControls(`${msg}${values.join('')}`)}\n`
}

/** Workers and servers have their words in messages: they must not drive a terminal, nor look like a line of ours. */
const withoutControls = (text: string): string =>
  text
    .replace(/\n/g, '\n  ')
    .replace(/(?![\t\n])\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)

const fieldText = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)

/** `2026-11-25 00:40:43,424` in the time zone of this host. */
function localTime(wallMs: number): string {
  const utcMs = wallMs - new Date(wallMs).getTimezoneOffset() * 60_000
  return new Date(utcMs).toISOString().slice(0, -1).replace('T', ' ').replace('.', ',')
}

function appender(file: string): (line: string) => void {
  try {
    const descriptor = openSync(file, 'a')
    return (line) => writeSync(descriptor, line)
  } catch (error) {
    throw new LoadError(
      'OUTPUT_FILE',
      `the log file cannot be written: ${messageOf(error)}`,
      'give --logfile a file in a folder that exists',
    )
  }
}
