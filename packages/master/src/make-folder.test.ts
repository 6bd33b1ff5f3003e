import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from './make-folder.js'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'llmload-folder-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

test('is made with those above it, and may be there already', () => {
  const path = join(folder(), 'a', 'b')
  makeFolder(path)
  makeFolder(path)
  expect(readdirSync(path)).toEqual([])
})

test('cannot be made where a file is', () => {
  const path = join(folder(), 'file')
  writeFileSync(path, '')
  expect(() => makeFolder(path)).toThrow(/EEXIST/)
  expect(() => makeFolder(join(path, 'below'))).toThrow(/ENOTDIR|EEXIST/)
})

test.runIf(existsSync('/proc/self'))('is refused at once where no folder can be made', () => {
  expect(() => makeFolder('/proc/llmload/below')).toThrow(/ENOENT|EACCES/)
})
