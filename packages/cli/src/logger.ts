import { openSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  type Clock,
  LoadError,
  type Log,
  type LoggingConfig,
  type LogLevel,
  messageOf,
  type Secrets,
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

/** A shorter one is no secret, and could be part of any word. */
const MIN_SECRET_LENGTH = 6

/**
 * Log lines as Locust writes them, `[2026-11-25 00:40:43,424] host/INFO/llmload: message key=value`,
 * on stderr or in a file. No line shows one of the secrets. Throws OUTPUT_FILE.
 */
export function createLogger(config: LoggingConfig, secrets: readonly string[], clock: Clock): Log {
  const write = config.file === null ? (line: string) => process.stderr.write(line) : appender(config.file)
  const hidden = secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH)
  const destination = {
    write(json: string) {
      const line = readable(JSON.parse(json), clock.wallMs(clock.nowMs()))
      write(hidden.reduce((text, secret) => text.replaceAll(secret, '[hidden]'), line))
    },
  }
  return pino(
    { level: PINO_LEVELS[config.level], base: null, timestamp: false, formatters: { level: levelName } },
    destination,
  )
}

/** The log of a command. Begins with what its configuration warns about. */
export function openLog({ config, warnings }: Checked, clock: Clock): Log {
  const log = createLogger(config.logging, secretsOf(config.secrets, config.fleet.token), clock)
  for (const warning of warnings) log.warn({}, warning)
  return log
}

/** The texts that must not be shown. */
export function secretsOf({ apiKey, headers }: Secrets, token: string | null): string[] {
  return [apiKey, token, ...headers.map(([, value]) => value)].filter((secret) => secret !== null)
}

function levelName(label: string): { level: string } {
  return { level: Object.entries(PINO_LEVELS).find(([, name]) => name === label)?.[0] ?? label }
}

function readable({ level, msg, ...fields }: Record<string, unknown>, wallMs: number): string {
  const host = hostname().split('.', 1)[0]
  const values = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`)
  return `[${localTime(wallMs)}] ${host}/${level}/llmload: ${msg}${values.join('')}\n`
}

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
