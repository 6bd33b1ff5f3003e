import { describe, expect, test } from 'vitest'
import { parseSimOptions, SIM_OPTIONS } from './options.js'

describe('the option table', () => {
  test.each(SIM_OPTIONS)('explains --$name in a sentence', ({ help }) => {
    expect(help).toMatch(/^[A-Z].*\.$/)
  })

  test('has names as they stand on a command line, each once', () => {
    const names = SIM_OPTIONS.map((option) => option.name)
    expect(names).toContain('prefill-us-per-token')
    expect(names.every((name) => /^[a-z]+(-[a-z0-9]+)*$/.test(name))).toBe(true)
    expect(new Set(names).size).toBe(names.length)
  })

  test('accepts every default that it names', () => {
    const given = SIM_OPTIONS.filter(({ default: value }) => value !== null && !Array.isArray(value)).map((option) => [
      option.name,
      String(option.default),
    ])
    expect(parseSimOptions(Object.fromEntries(given))).toEqual(parseSimOptions({}))
  })
})

describe('parseSimOptions', () => {
  test('reads values of each type and leaves the rest at its default', () => {
    const { options, problems } = parseSimOptions({
      port: '0',
      'ttft-ms': '57.5',
      'itl-distribution': 'exponential',
      'api-key': 'secret',
      quirk: 'crlf, bom',
      'stamp-chunks': true,
      'die-every': '3',
    })
    expect(problems).toEqual([])
    expect(options).toMatchObject({
      port: 0,
      ttftMs: 57.5,
      itlDistribution: 'exponential',
      apiKey: 'secret',
      quirk: ['crlf', 'bom'],
      stampChunks: true,
      dieEvery: 3,
      itlMs: 10,
      dieAfterTokens: null,
      resetRate: null,
    })
  })

  test('lists all that is wrong at once', () => {
    const { problems } = parseSimOptions({
      port: '70000',
      'ttft-ms': 'abc',
      'itl-ms': '-1',
      'itl-distribution': 'gauss',
      'answer-tokens': '1.5',
      model: true,
      'stamp-chunks': 'often',
      'fail-every': '0',
      'fail-rate': '2',
      quirk: 'crlf, cflr',
    })
    expect(problems).toEqual([
      '--port 70000: must be an integer from 0 to 65535',
      '--model true: needs a value',
      '--ttft-ms abc: must be a number from 0 to 3600000',
      '--itl-ms -1: must be a number from 0 to 3600000',
      '--itl-distribution gauss: must be one of constant, uniform, normal, exponential',
      '--answer-tokens 1.5: must be an integer of 1 or more',
      '--quirk crlf, cflr: there is no cflr; the help lists all of them',
      '--fail-every 0: must be an integer of 1 or more',
      '--fail-rate 2: must be a number from 0 to 1',
      '--stamp-chunks often: is a switch and takes no value',
    ])
  })
})
