import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test.each(['streams', 'responses', 'messages'])('broken %s are read as they must be', async (target) => {
  const args = ['scripts/fuzz.mjs', '--target', target, '--cases', '200', '--seed', '1', '--seconds', '20']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toMatch(new RegExp(`^${target}: [1-9]\\d* cases, .* nothing found$`, 'm'))
})
