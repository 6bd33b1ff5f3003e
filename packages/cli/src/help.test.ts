import { envName, OPTIONS } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { optionsHelp } from './help.js'

describe('help', () => {
  test('has every option with its variable, under its group', () => {
    const text = optionsHelp(OPTIONS, 100)
    const missing = Object.keys(OPTIONS).filter((name) => !text.includes(`--${name}`) && !text.includes(envName(name)))
    expect(missing).toEqual([])
    expect(text).toContain('  -u, --users N                 Users, over all workers')
    expect(text).toMatch(/^Load:$/m)
    expect(text).toContain('[1, or what --stages says; LLMLOAD_USERS]')
    expect(text).toContain('--stream, --no-stream')
  })

  test.each([72, 80, 110])('fits a terminal of %i columns', (columns) => {
    const long = optionsHelp(OPTIONS, columns)
      .split('\n')
      .filter((line) => line.length > columns && !line.includes('|')) // a list of words is not broken
    expect(long).toEqual([])
  })
})
