import { describe, expect, test } from 'vitest'
import type { Setting, Source } from './option.js'
import type { OptionName } from './options.js'
import { resolve } from './resolve.js'
import type { RunConfig } from './run-config.js'

const HOST = { cpuCount: 8, freshSeed: 4711 }

type Texts = Partial<Record<OptionName, string>>

function settings(texts: Texts, source: Source = 'flag'): Setting[] {
  return Object.entries(texts).map(([option, text]) => ({ option, typed: `--${option}`, source, text }))
}

function configOf(list: readonly Setting[]): RunConfig {
  const resolution = resolve(list, HOST)
  if ('problems' in resolution) throw new Error(JSON.stringify(resolution.problems))
  return resolution.config
}

function problemsOf(list: readonly Setting[]): string[] {
  const resolution = resolve(list, HOST)
  return 'problems' in resolution ? resolution.problems.map(({ message }) => message) : []
}

const warningsOf = (texts: Texts, source: Source = 'flag'): readonly string[] => {
  const resolution = resolve(settings(texts, source), HOST)
  return 'warnings' in resolution ? resolution.warnings : []
}

describe('defaults', () => {
  test('are those of the tools we replace', () => {
    expect(configOf([])).toEqual({
      role: 'local',
      fleet: {
        processes: 1,
        expectWorkers: 1,
        expectWorkersMaxWaitS: null,
        masterBindHost: '127.0.0.1',
        masterHost: '127.0.0.1',
        masterPort: 0,
        token: null,
        viewToken: null,
        controlToken: null,
        allowedTargets: [],
        workerGraceS: 30,
        failOnWorkerLoss: false,
        masterMaxWaitS: 60,
        tls: null,
      },
      target: {
        provider: 'vllm',
        baseUrl: 'http://localhost:8000',
        model: null,
        chat: false,
        stream: true,
        thinkTags: false,
      },
      sampling: { temperature: 1, topK: null, logprobs: null, n: 1 },
      workload: { promptTokens: 512, maxTokens: 64, instruction: null, tokenizer: null },
      load: {
        users: 1,
        spawnRate: 1,
        qps: null,
        qpsDistribution: 'constant',
        burstiness: 1,
        burstPeriodS: null,
        ramping: null,
        stages: [],
        warmupS: 0,
        runTimeS: null,
        maxRequests: null,
        stopTimeoutS: 30,
        timeoutS: null,
        progressTimeoutS: 60,
        tokenTimeoutS: null,
      },
      seed: 4711,
      output: {
        headless: false,
        summaryFile: null,
        csvPrefix: null,
        json: false,
        onlySummary: false,
        printStats: false,
        maxFailRatio: 0.01,
        abortOnFailRatio: null,
        requireValid: false,
        requestLog: null,
        recordFrames: 0,
        history: true,
        runsDir: null,
      },
      logging: { level: 'INFO', file: null },
      secrets: { apiKey: null, headers: [] },
    } satisfies RunConfig)
  })

  test('a time-out of 0 is none', () => {
    expect(configOf(settings({ timeout: '0', 'expect-workers-max-wait': '0', 'stop-timeout': '0' }))).toMatchObject({
      load: { timeoutS: null, stopTimeoutS: 0 },
      fleet: { expectWorkersMaxWaitS: null },
    })
  })

  test.each([
    { host: 'https://api.openai.com', provider: 'openai' },
    { host: 'https://team.openai.azure.com', provider: 'openai' },
    { host: 'http://gpu-7:8000', provider: 'vllm' },
    { host: 'http://gpu-7:8000/openai', provider: 'vllm' }, // a path says nothing about the server
    { host: 'sim', provider: 'vllm' },
  ])('$host is taken for $provider', ({ host, provider }) => {
    expect(configOf(settings({ host })).target.provider).toBe(provider)
  })
})

describe('precedence', () => {
  const file = settings({ users: '1', qps: '1', model: 'of-file' }, 'file')
  const env = settings({ users: '2', qps: '2' }, 'env')
  const flags = settings({ users: '3' })

  test('a flag beats the environment, which beats the file', () => {
    for (const order of [
      [...file, ...env, ...flags],
      [...flags, ...env, ...file],
    ]) {
      expect(configOf(order)).toMatchObject({ load: { users: 3, qps: 2 }, target: { model: 'of-file' } })
    }
  })

  test('of two equal flags the last one counts', () => {
    expect(configOf([...flags, ...settings({ users: '4' })]).load.users).toBe(4)
  })

  test('headers of one source add up and replace those of a weaker one', () => {
    const list = [
      ...settings({ header: 'x-file:1' }, 'file'),
      ...settings({ header: 'x-a:1' }),
      ...settings({ header: 'x-b:2' }),
    ]
    expect(configOf(list).secrets.headers).toEqual([
      ['x-a', '1'],
      ['x-b', '2'],
    ])
  })

  test('a wrong value of a weaker source does no harm', () => {
    expect(problemsOf([...settings({ users: 'many' }, 'file'), ...flags])).toEqual([])
  })
})

describe('problems', () => {
  test('come all at once, named as they were typed', () => {
    const list: Setting[] = [
      { option: 'users', typed: '-u', source: 'flag', text: '0' },
      { option: 'run-time', typed: 'LLMLOAD_RUN_TIME', source: 'env', text: '5d' },
      { option: 'qps', typed: 'qps in load.yaml', source: 'file', text: 'fast' },
      { option: 'spawn-rate', typed: '--spawn_rate', source: 'flag', text: '0' },
    ]
    expect(problemsOf(list).sort()).toEqual([
      "--spawn_rate must be a number above 0, not '0'",
      "-u must be a whole number from 1 to 1000000, not '0'",
      "LLMLOAD_RUN_TIME must be a time span above 0, not '5d'",
      "qps in load.yaml must be a number above 0, at most 1000000, not 'fast'",
    ])
  })

  test.each<{ option: OptionName; text: string }>([
    { option: 'api-key', text: 'sk-secret-☃' },
    { option: 'header', text: 'Bearer sk-secret' }, // a colon was forgotten
    { option: 'header', text: 'authorization:sk-secret ☃' },
    { option: 'token', text: 'sk-secret-☃' },
    { option: 'host', text: 'http://me:sk-secret@host' },
  ])('one with --$option does not show the secret', ({ option, text }) => {
    const problems = problemsOf(settings({ [option]: text }))
    expect(problems).toHaveLength(1)
    expect(problems.join()).not.toContain('sk-secret')
  })

  test.each<{ texts: Texts; problem: string }>([
    { texts: { burst: '1s', qps: '5' }, problem: '--burst and --qps exclude each other' },
    {
      texts: { burst: '1s', users: '5', 'ramping-time': '5s' },
      problem: '--burst and --ramping-time exclude each other',
    },
    { texts: { users: '5', 'ramping-time': '5s', qps: '1' }, problem: '--ramping-time and --qps exclude each other' },
    { texts: { 'ramping-time': '5s' }, problem: '--ramping-time needs --users' },
    {
      texts: { qps: '5', burstiness: '2', 'qps-distribution': 'uniform' },
      problem: '--burstiness is of gamma gaps, not of --qps-distribution uniform',
    },
    { texts: { burstiness: '2' }, problem: '--burstiness needs --qps, or stages with a rate' },
    {
      texts: { qps: '1', burstiness: '0' },
      problem: "--burstiness must be a number of at least 0.001, or inf, not '0'",
    },
    {
      texts: { burst: '1s', stages: '1m:qps=5' },
      problem: '--burst and the rates of --stages exclude each other',
    },
    {
      texts: { stages: '1m:qps=5,30s:users=9', 'run-time': '2m' },
      problem: '--run-time is 120 s, but --stages last 90 s together',
    },
    {
      texts: { stages: '1m:users=5,1m:qps=9' },
      problem: '--stages must say a rate for the first stage too, if for any',
    },
    { texts: { master: 'true', worker: 'true' }, problem: '--master and --worker exclude each other' },
    { texts: { 'tls-cert': 'c.pem' }, problem: '--tls-cert needs --tls-key' },
    { texts: { 'tls-key': 'k.pem' }, problem: '--tls-key needs --tls-cert' },
    {
      texts: { worker: 'true', 'tls-ca': 'ca.pem', 'master-fingerprint': `sha256:${'0'.repeat(64)}` },
      problem: '--master-fingerprint and --tls-ca exclude each other',
    },
    { texts: { processes: '0' }, problem: "--processes must be at least 1, or -1 for one per CPU, not '0'" },
    {
      texts: { master: 'true', processes: '4', 'expect-workers': '2' },
      problem: "--expect-workers must be at least 4, as many as --processes starts, not '2'",
    },
  ])('$problem', ({ texts, problem }) => {
    expect(problemsOf(settings(texts))).toEqual([problem])
  })
})

const NO_TLS_FILES = { certFile: null, keyFile: null, masterFingerprint: null, caFile: null }

describe('the fleet', () => {
  test.each<{ texts: Texts; fleet: Partial<RunConfig['fleet']> }>([
    { texts: { processes: '-1' }, fleet: { processes: 8, expectWorkers: 8 } }, // one per CPU
    { texts: { master: 'true' }, fleet: { processes: 0, expectWorkers: 1, masterPort: 5557 } },
    { texts: { master: 'true', processes: '2' }, fleet: { processes: 2, expectWorkers: 2 } },
    { texts: { master: 'true', processes: '2', 'expect-workers': '6' }, fleet: { processes: 2, expectWorkers: 6 } },
    {
      texts: { worker: 'true', 'master-host': 'gpu-1' },
      fleet: { processes: 1, masterHost: 'gpu-1', masterPort: 5557 },
    },
    { texts: {}, fleet: { masterPort: 0 } }, // nobody else has to find it
    { texts: { 'master-port': '5557' }, fleet: { masterPort: 5557 } },
    { texts: { master: 'true', tls: 'true' }, fleet: { tls: { ...NO_TLS_FILES } } },
    {
      texts: { master: 'true', 'tls-cert': 'c', 'tls-key': 'k' },
      fleet: { tls: { ...NO_TLS_FILES, certFile: 'c', keyFile: 'k' } },
    },
    { texts: { worker: 'true', 'tls-ca': 'ca' }, fleet: { tls: { ...NO_TLS_FILES, caFile: 'ca' } } },
    { texts: { master: 'true', 'tls-ca': 'ca' }, fleet: { tls: null } }, // meant for workers that share the settings
  ])('$texts makes $fleet', ({ texts, fleet }) => {
    expect(configOf(settings(texts)).fleet).toMatchObject(fleet)
  })

  test('a local run listens on loopback, whatever a shared environment says', () => {
    const list = settings({ 'master-bind-host': '0.0.0.0' }, 'env')
    expect(configOf(list).fleet.masterBindHost).toBe('127.0.0.1')
    expect(configOf([...list, ...settings({ master: 'true' })]).fleet.masterBindHost).toBe('0.0.0.0')
  })
})

describe('a flag without effect', () => {
  test('is warned about', () => {
    expect(warningsOf({ worker: 'true', users: '5' })).toEqual([
      '--users does nothing in a worker: the run is set at the master',
    ])
    expect(warningsOf({ 'expect-workers': '2' })).toEqual(['--expect-workers does nothing without --master'])
    expect(warningsOf({ master: 'true', 'master-host': 'a' })).toEqual(['--master-host does nothing without --worker'])
  })

  test('is no matter in an environment that several commands share', () => {
    expect(warningsOf({ 'expect-workers': '2' }, 'env')).toEqual([])
  })
})
