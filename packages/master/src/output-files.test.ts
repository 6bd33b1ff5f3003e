import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT } from '@llmload/core'
import { afterAll, expect, test } from 'vitest'
import { checkOutputFiles } from './output-files.js'

const folder = mkdtempSync(join(tmpdir(), 'llmload-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'file'), 'x')
mkdirSync(join(folder, 'folder'))

const at = (path: string): string => join(folder, path)

test('files that can be written are fine, and are not made yet', () => {
  checkOutputFiles({ summaryFile: at('new.csv'), csvPrefix: null })
  checkOutputFiles({ summaryFile: at('file'), csvPrefix: null })
  expect(existsSync(at('new.csv'))).toBe(false)
})

test('the folders of --csv are made', () => {
  checkOutputFiles({ summaryFile: null, csvPrefix: at('a/b/run') })
  expect(existsSync(at('a/b'))).toBe(true)
})

test.each([
  [
    'a folder that is not there',
    'missing/out.csv',
    `--summary-file: cannot write ${at('missing/out.csv')}: there is no folder ${at('missing')}`,
  ],
  ['a file as folder', 'file/out.csv', `${at('file')} is no folder`],
  ['a folder as file', 'folder', 'it is a folder'],
])('%s is an error before the run', (_story, path, words) => {
  expect(() => checkOutputFiles({ summaryFile: at(path), csvPrefix: null })).toThrow(
    expect.objectContaining({ code: 'OUTPUT_FILE', exitCode: EXIT.usage, message: expect.stringContaining(words) }),
  )
})

test('a file in the way of the folders of --csv is an error before the run', () => {
  expect(() => checkOutputFiles({ summaryFile: null, csvPrefix: at('file/x/run') })).toThrow(/^--csv: cannot write /)
})
