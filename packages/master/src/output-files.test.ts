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

const NONE = { summaryFile: null, csvPrefix: null, requestLog: null, recordFrames: 0 }

test('files that can be written are fine, and are not made yet', () => {
  checkOutputFiles({ ...NONE, summaryFile: at('new.csv') })
  checkOutputFiles({ ...NONE, summaryFile: at('file') })
  expect(existsSync(at('new.csv'))).toBe(false)
})

test('the folders of --csv are made', () => {
  checkOutputFiles({ ...NONE, csvPrefix: at('a/b/run') })
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
  expect(() => checkOutputFiles({ ...NONE, summaryFile: at(path) })).toThrow(
    expect.objectContaining({ code: 'OUTPUT_FILE', exitCode: EXIT.usage, message: expect.stringContaining(words) }),
  )
})

test('a file in the way of the folders of --csv is an error before the run', () => {
  expect(() => checkOutputFiles({ ...NONE, csvPrefix: at('file/x/run') })).toThrow(/^--csv: cannot write /)
})

test('all that a run writes beside other files is looked at too', () => {
  mkdirSync(at('out.verdict.csv'))
  mkdirSync(at('log.frames.ndjson'))
  expect(() => checkOutputFiles({ ...NONE, summaryFile: at('out.csv') })).toThrow(/out\.verdict\.csv: it is a folder$/)
  const logged = { ...NONE, requestLog: at('log.ndjson.gz') }
  checkOutputFiles(logged)
  expect(() => checkOutputFiles({ ...logged, recordFrames: 1 })).toThrow(
    /^--record-frames: .*log\.frames\.ndjson: it is a folder$/,
  )
})

test('nothing is written beside a device', () => {
  checkOutputFiles({ ...NONE, summaryFile: '/dev/null' })
})
