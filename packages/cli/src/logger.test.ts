import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LogLevel, secretTexts, systemClock } from '@llmload/core'
import { afterAll, describe, expect, test } from 'vitest'
import { createLogger } from './logger.js'

const folder = mkdtempSync(join(tmpdir(), 'llmload-log-'))
afterAll(() => rmSync(folder, { recursive: true }))

const AT = new Date(2026, 10, 25, 0, 40, 43, 424)
const clock = { nowMs: () => 0, wallMs: () => AT.getTime() }
const host = hostname().split('.', 1)[0]

function logged(
  name: string,
  level: LogLevel,
  secrets: readonly string[],
  write: (log: ReturnType<typeof createLogger>) => void,
) {
  const file = join(folder, name)
  write(createLogger({ level, file }, secrets, clock))
  return readFileSync(file, 'utf8')
}

describe('a log line', () => {
  test('is Locust’s, in local time, with the fields after the message', () => {
    const text = logged('fields', 'INFO', [], (log) => {
      log.info({ workerId: 'gpu-1', users: 5, why: 'two words', none: null }, 'joined')
    })
    expect(text).toBe(
      `[2026-11-25 00:40:43,424] ${host}/INFO/llmload: joined workerId=gpu-1 users=5 why="two words" none=null\n`,
    )
  })

  test('below the level is not written', () => {
    const text = logged('levels', 'WARNING', [], (log) => {
      log.debug({}, 'a')
      log.info({}, 'b')
      log.warn({}, 'c')
      log.error({}, 'd')
    })
    expect(text.match(/(WARNING|ERROR|INFO|DEBUG)\/llmload: ./g)).toEqual(['WARNING/llmload: c', 'ERROR/llmload: d'])
  })

  test('never shows a secret, wherever it stands', () => {
    const secrets = secretTexts(
      { apiKey: 'sk-secret-1', headers: [['authorization', 'Basic c2VjcmV0']] },
      'token-secret',
    )
    const text = logged('secrets', 'INFO', secrets, (log) => {
      log.info({ headers: ['Basic c2VjcmV0'], token: 'token-secret' }, 'the server said: invalid key sk-secret-1')
    })
    expect(text).toContain('the server said: invalid key [hidden] headers=["[hidden]"] token=[hidden]')
  })

  test('of a hostile worker does not drive the terminal, and cannot look like a line of ours', () => {
    const text = logged('controls', 'INFO', [], (log) => {
      log.warn({}, 'worker x: \u001b[2J\r\u0007\u009b1m\n[2026-11-25 00:40:43,424] host/INFO/llmload: all is well')
    })
    expect(text).toContain(
      'worker x: \\x1b[2J\\x0d\\x07\\x9b1m\n  [2026-11-25 00:40:43,424] host/INFO/llmload: all is well\n',
    )
  })

  test('goes nowhere if the file cannot be opened: that is an error before the run', () => {
    const file = join(folder, 'no-such-folder', 'log')
    expect(() => createLogger({ level: 'INFO', file }, [], systemClock())).toThrow(
      expect.objectContaining({ code: 'OUTPUT_FILE', exitCode: 2 }),
    )
  })
})
