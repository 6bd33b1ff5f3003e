import { describe, expect, test } from 'vitest'
import { readSettings } from './option.js'
import { OPTIONS } from './options.js'
import { loadOf } from './resolve-load.js'

function load(texts: Record<string, string>) {
  const settings = Object.entries(texts).map(([option, text]) => ({
    option,
    text,
    typed: `--${option}`,
    source: 'flag' as const,
  }))
  const { values, problems } = readSettings(OPTIONS, settings)
  expect(problems).toEqual([])
  return loadOf(values)
}

describe('stages', () => {
  test('say levels, run time, and the level at the start', () => {
    const plan = load({ stages: '1m:qps=5, 90s:qps=5..20/users=100,10:users=100..1', users: '30' })
    expect(plan).toMatchObject({ qps: 5, users: 30, runTimeS: 160 })
    expect(plan.stages).toEqual([
      { durationS: 60, qps: { from: 5, to: 5 }, users: null },
      { durationS: 90, qps: { from: 5, to: 20 }, users: { from: 100, to: 100 } },
      { durationS: 10, qps: null, users: { from: 100, to: 1 } },
    ])
  })

  test('last as long as they say, without a rest of binary fractions', () => {
    expect(load({ stages: '0.1:qps=5,0.2:qps=6' }).runTimeS).toBe(0.3)
  })

  test('the first one is stronger than --users and --qps, which hold until a stage says another', () => {
    expect(load({ stages: '1m:users=5', users: '30', qps: '2' })).toMatchObject({ users: 5, qps: 2 })
  })

  test.each([
    '1m',
    '1m:',
    '1m:rps=5',
    '0:qps=5',
    '1m:qps=0',
    '1m:users=2.5',
    '1m:qps=5..',
    '1m:qps=1..2..3',
    '1m:qps=5/qps=6',
    '1m:qps=5,',
    '1m:qps=5:6',
    '1m:qps=2e6',
    '1m:users=2000000',
  ])('%s is an error that shows how to write them', (text) => {
    const { problems } = readSettings(OPTIONS, [{ option: 'stages', typed: '--stages', source: 'flag', text }])
    expect(problems.map(({ message }) => message)).toEqual([
      `--stages must be at most 100 stages like 1m:qps=5,2m:qps=5..20/users=100, not '${text}'`,
    ])
  })
})

test('--burstiness alone selects gamma gaps, as in vLLM; gamma alone is a Poisson process', () => {
  expect(load({ qps: '5', burstiness: '0.5' })).toMatchObject({ qpsDistribution: 'gamma', burstiness: 0.5 })
  expect(load({ qps: '5', 'qps-distribution': 'gamma' })).toMatchObject({ qpsDistribution: 'gamma', burstiness: 1 })
  expect(load({ qps: '5' })).toMatchObject({ qpsDistribution: 'constant' })
  expect(load({ qps: '5', burstiness: 'inf' })).toMatchObject({ qpsDistribution: 'constant', burstiness: 1 })
})

test('--ramping-time has a warm-up of 30 s, as in llm_bench', () => {
  expect(load({ users: '5', 'ramping-time': '10s' }).ramping).toEqual({ timeS: 10, warmupS: 30 })
})
