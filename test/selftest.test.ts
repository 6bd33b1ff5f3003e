import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SelftestResult } from '../packages/cli/src/selftest/result.js'
import { folder, llmload } from './support/llmload.js'

test('a self-test holds the stamps of a real worker against the truth, and draws them', async () => {
  const out = join(folder(), 'result')
  const bounds = ['--seconds', '1', '--max-streams', '50', '--max-rate', '1']
  const { code, stdout, stderr } = await llmload('selftest', ...bounds, '--json', '--out', out)
  expect(stderr).toContain('50 streams')
  expect(code).toBe(0)
  const result: SelftestResult = JSON.parse(stdout)
  expect(JSON.parse(readFileSync(join(out, 'selftest.json'), 'utf8'))).toEqual(result)
  expect(readFileSync(join(out, 'selftest.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s)

  const [step] = result.ladder
  expect(result.ladder.map(({ streams }) => streams)).toEqual([50])
  // One answer in eight is looked at: 50 streams of a second each, for a second.
  expect(step?.firstTokenErrorMs.n).toBeGreaterThan(3)
  expect(step?.chunkErrorMs.n).toBeGreaterThan((step?.firstTokenErrorMs.n ?? 0) * 40)
  // No stamp is before the truth, and none is far off, even where tests share the machine.
  expect(step?.chunkErrorMs.p50).toBeGreaterThan(0)
  expect(step?.chunkErrorMs.p50).toBeLessThan(5)
  expect(step?.cpuMsPer1000Tokens).toBeGreaterThan(0)
  expect(result.pacing.map(({ ratePerS }) => ratePerS)).toEqual([1])
  expect(result.verdict).toMatch(/^On this host one worker process /)
})

test('what is wrong with the options of a self-test is said at once', async () => {
  const { code, stderr } = await llmload('selftest', '--seconds', '0', '--processes', 'two')
  expect(code).toBe(2)
  expect(stderr).toContain('--seconds must be a time span above 0')
  expect(stderr).toContain('--processes must be a whole number from 1 ')
})

test('a folder that cannot be made is an error at once', async ({ skip }) => {
  skip(!existsSync('/proc/self'), 'there is no /proc on this host')
  const { code, stderr } = await llmload('selftest', '--out', '/proc/llmload/result')
  expect(code).toBe(2)
  expect(stderr).toMatch(/OUTPUT_FILE: cannot write into .proc.llmload.result: (ENOENT|EACCES)/)
  expect(stderr).toContain('give --out a folder that can be made and written')
})
