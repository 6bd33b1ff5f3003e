import { describe, expect, test } from 'vitest'
import { envName, type Option, readSettings } from './option.js'
import { OPTIONS } from './options.js'

const all: [name: string, option: Option][] = Object.entries(OPTIONS)

const duplicates = (values: readonly string[]) => values.filter((value, i) => values.indexOf(value) !== i)

describe('the option table', () => {
  test.each(all)('--%s has a help sentence, and says what holds without it', (_name, option) => {
    expect(option.help).toMatch(/^[A-Z0-9].*\.$/)
    const saysItself = option.default !== null || option.unset !== undefined || option.secret
    expect(saysItself).toBeTruthy()
  })

  test('all defaults can be read', () => {
    expect(readSettings(OPTIONS, []).problems).toEqual([])
  })

  test('no letter and no variable stands for two options', () => {
    expect(duplicates(all.flatMap(([, { alias }]) => alias ?? []))).toEqual([])
    expect(duplicates(all.map(([name]) => envName(name)))).toEqual([])
  })

  test('a secret has no default', () => {
    const secrets = all.filter(([, { secret }]) => secret)
    expect(secrets.map(([name, { default: text }]) => ({ name, text }))).toEqual([
      { name: 'api-key', text: null },
      { name: 'header', text: '' },
      { name: 'token', text: null },
      { name: 'control-token', text: null },
      { name: 'view-token', text: null },
    ])
  })
})
