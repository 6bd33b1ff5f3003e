import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Steal } from './steal.js'

test('steal is the part of all CPU time since the last look that others had', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llmload-steal-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'stat')
  writeFileSync(file, 'cpu  100 0 50 800 0 0 0 50 7 7\ncpu0 1 2 3 4 5 6 7 8 9 10\n')
  const steal = new Steal(file)
  onTestFinished(() => steal.close())
  expect(steal.read()).toBe(0)
  // 200 more, 40 of them stolen; the time of guests is inside that of user and nice
  writeFileSync(file, 'cpu  160 0 50 900 0 0 0 90 67 7\ncpu0 1 2 3 4 5 6 7 8 9 10\n')
  expect(steal.read()).toBe(0.2)
})

test('steal is unknown where there is no such file', () => {
  expect(new Steal('/nowhere/stat').read()).toBeNull()
})
