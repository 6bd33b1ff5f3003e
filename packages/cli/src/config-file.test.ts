import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPTIONS } from '@llmload/core'
import { afterAll, describe, expect, test } from 'vitest'
import { readConfigFile } from './config-file.js'

const folder = mkdtempSync(join(tmpdir(), 'llmload-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function read(name: string, text: string) {
  const file = join(folder, name)
  writeFileSync(file, text)
  const { settings, problems } = readConfigFile(file, OPTIONS)
  return { texts: settings.map(({ option, text }) => `${option}=${text}`), problems, settings }
}

describe('a config file', () => {
  test.each([
    { name: 'a.yaml', text: 'users: 10\nspawn_rate: 2.5\nchat: true\nrun-time: 2m\nmodel:\n' },
    { name: 'a.yml', text: '{users: 10, spawn_rate: 2.5, chat: true, run-time: 2m}' },
    { name: 'a.json', text: '{"users": 10, "spawn_rate": 2.5, "chat": true, "run-time": "2m", "model": null}' },
    { name: 'a.toml', text: 'users = 10\nspawn_rate = 2.5\nchat = true\nrun-time = "2m"\n' },
  ])('$name: options by long names, with either spelling; null is not set', ({ name, text }) => {
    expect(read(name, text)).toMatchObject({
      texts: ['users=10', 'spawn-rate=2.5', 'chat=true', 'run-time=2m'],
      problems: [],
    })
  })

  test.each([
    'header: ["x-a: 1", "x-b: 2"]',
    'header:\n  - x-a: 1\n  - x-b: 2', // without quotes it is a list of mappings
    'header:\n  x-a: 1\n  x-b: 2',
  ])('takes headers as a list or a mapping: %s', (text) => {
    const { texts, problems } = read('headers.yaml', text)
    expect(problems).toEqual([])
    expect(texts.map((text) => text.replaceAll(' ', ''))).toEqual(['header=x-a:1', 'header=x-b:2'])
  })

  test('names its settings after key and file', () => {
    expect(read('load.yaml', 'spawn_rate: 1').settings[0]?.typed).toBe('spawn_rate in load.yaml')
  })

  test.each([
    { text: 'usres: 1', problem: { message: 'usres in bad.yaml is not an option', hint: 'did you mean users?' } },
    { text: 'users: [1, 2]', problem: { message: 'users in bad.yaml must be a single value' } },
    { text: 'users: {a: 1}', problem: { message: 'users in bad.yaml must be a single value' } },
    {
      text: 'token: abc', // files are copied about
      problem: { message: 'token in bad.yaml cannot be set here', hint: 'set the variable LLMLOAD_TOKEN' },
    },
    { text: 'version: true', problem: { message: 'version in bad.yaml cannot be set here', hint: 'write --version' } },
    {
      text: '- users',
      problem: {
        message: 'the config file bad.yaml is not a list of options with values',
        hint: 'write lines like users: 10',
      },
    },
  ])('$text: $problem.message', ({ text, problem }) => {
    expect(read('bad.yaml', text).problems).toEqual([problem])
  })

  test.each([
    { name: 'a.yaml', text: 'users: 1\nqps: "1\n', line: 3 },
    { name: 'twice.yaml', text: 'users: 1\nusers: 2\n', line: 2 },
    { name: 'b.json', text: '{\n"users": 1,\n}', line: 3 },
    { name: 'cut.json', text: '{\n"users": 1', line: 2 },
    { name: 'c.toml', text: 'users = 1\nqps =\n', line: 2 },
  ])('$name that cannot be parsed: the problem says line $line', ({ name, text, line }) => {
    const [problem] = read(name, text).problems
    expect(problem?.message).toContain(name)
    expect(problem?.message).toMatch(new RegExp(`line ${line}\\b`))
  })

  test('that is not there, or of unknown kind, is a problem', () => {
    expect(readConfigFile(join(folder, 'none.yaml'), OPTIONS).problems[0]?.message).toContain('ENOENT')
    expect(read('load.conf', 'users = 1').problems[0]?.message).toContain('no known suffix')
  })

  test('may be empty', () => {
    expect(read('empty.yaml', '')).toMatchObject({ texts: [], problems: [] })
  })
})
