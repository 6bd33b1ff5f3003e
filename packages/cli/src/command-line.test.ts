import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LoadError } from '@llmload/core'
import { afterAll, describe, expect, test } from 'vitest'
import { readCommandLine } from './command-line.js'

const folder = mkdtempSync(join(tmpdir(), 'llmload-command-line-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileWith(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const read = (line: string, env: NodeJS.ProcessEnv = {}) => readCommandLine(line.split(' ').filter(Boolean), env)

function errorOf(line: string, env: NodeJS.ProcessEnv = {}): LoadError {
  try {
    read(line, env)
  } catch (error) {
    if (error instanceof LoadError) return error
    throw error
  }
  throw new Error(`'${line}' has no problem`)
}

describe('the guide’s command', () => {
  test('means what it says', () => {
    const line = `--provider vllm -H http://localhost:8000 --headless --summary-file vllm_locust.csv
      --tokenizer /data/llama --qps 1.0 -u 100 -r 100 -p 1000 -o 100 -t 2m`
    expect(readCommandLine(line.split(/\s+/), {}).config).toMatchObject({
      role: 'local',
      target: { provider: 'vllm', baseUrl: 'http://localhost:8000', chat: false, stream: true },
      workload: { promptTokens: 1000, maxTokens: 100, tokenizer: '/data/llama' },
      load: {
        users: 100,
        spawnRate: 100,
        qps: 1,
        qpsDistribution: 'constant',
        burstiness: 1,
        burstPeriodS: null,
        ramping: null,
        stages: [],
        runTimeS: 120,
      },
      output: { headless: true, summaryFile: 'vllm_locust.csv' },
    })
  })
})

describe('sources', () => {
  const file = fileWith('load.yaml', 'users: 1\nqps: 1\nspawn-rate: 1\n')

  test('flags win over the environment, which wins over the file that --config names', () => {
    const { config } = read(`--config ${file} -u 3`, { LLMLOAD_USERS: '2', LLMLOAD_QPS: '2' })
    expect(config.load).toMatchObject({ users: 3, qps: 2, spawnRate: 1 })
  })

  test('the file may be named by a variable, and an empty variable is none', () => {
    const { config } = read('', { LLMLOAD_CONFIG: file, LLMLOAD_QPS: '' })
    expect(config.load.qps).toBe(1)
  })

  test('an unknown variable is warned about, for it may be another program’s', () => {
    expect(read('', { LLMLOAD_USRES: '5', LLMLOAD_SERVICE_HOST: '10.0.0.1', HOME: '/' }).warnings).toEqual([
      'the variable LLMLOAD_USRES is not known and does nothing; did you mean LLMLOAD_USERS?',
      'the variable LLMLOAD_SERVICE_HOST is not known and does nothing',
    ])
  })
})

describe('problems', () => {
  test('of all sources come in one list, each named as it was written', () => {
    const file = fileWith('bad.yaml', 'usres: 1\ntop-k: many\n')
    const error = errorOf(`--config ${file} -u 0 --qsp 1`, { LLMLOAD_RUN_TIME: '5d' })
    expect({ code: error.code, exit: error.exitCode, message: error.message }).toEqual({
      code: 'BAD_OPTIONS',
      exit: 2,
      message: '5 problems',
    })
    expect(error.hint.split('\n')).toEqual([
      '1. --qsp is not an option',
      '   did you mean --qps?',
      '2. usres in bad.yaml is not an option',
      '   did you mean users?',
      "3. top-k in bad.yaml must be a whole number of at least -1, not 'many'",
      "4. -u must be a whole number from 1 to 1000000, not '0'",
      "5. LLMLOAD_RUN_TIME must be a time span above 0, not '5d'",
      '   write it like 90, 30s, 2m, 1h30m or 500ms',
      'llmload --help explains every option',
    ])
  })

  test('a single one is the message itself', () => {
    const { message, hint } = errorOf('-H localhost:8000')
    expect({ message, hint }).toEqual({
      message: "-H must be an http or https URL, or the word sim, not 'localhost:8000'",
      hint: 'did you mean http://localhost:8000?',
    })
  })
})

describe('the token', () => {
  const tokenFile = fileWith('token', 'of-the-file\n')
  const tokenOf = (line: string, env: NodeJS.ProcessEnv) => read(line, env).config.fleet.token

  test('is read from its variable, or from the file that --token-file names, which is stronger', () => {
    expect(tokenOf('', { LLMLOAD_TOKEN: 'of-the-variable' })).toBe('of-the-variable')
    expect(tokenOf(`--token-file ${tokenFile}`, { LLMLOAD_TOKEN: 'of-the-variable' })).toBe('of-the-file')
  })

  test.each(['control', 'view'] as const)('of those who %s a run comes from such places too', (role) => {
    const tokenOf = (line: string, env: NodeJS.ProcessEnv) => read(line, env).config.fleet[`${role}Token`]
    const variable = { [`LLMLOAD_${role.toUpperCase()}_TOKEN`]: 'of-the-variable' }
    expect(tokenOf('', variable)).toBe('of-the-variable')
    expect(tokenOf(`--${role}-token-file ${tokenFile}`, variable)).toBe('of-the-file')
  })

  test('of the variable is stronger than a token file that the config file names', () => {
    const config = fileWith('with-token.json', JSON.stringify({ 'token-file': tokenFile }))
    expect(tokenOf(`--config ${config}`, {})).toBe('of-the-file')
    expect(tokenOf(`--config ${config}`, { LLMLOAD_TOKEN: 'of-the-variable' })).toBe('of-the-variable')
  })

  test('file that is missing or empty is a problem', () => {
    expect(errorOf('--token-file /no/such/file').message).toContain('ENOENT')
    expect(errorOf(`--token-file ${fileWith('blank', '\n')}`).message).toBe(
      'the token of --token-file must be more than an empty text',
    )
  })
})
