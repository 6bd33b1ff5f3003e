import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HAS_COMPILER = spawnSync('cc', ['--version']).status === 0
const title = HAS_COMPILER ? 'npm run bench' : 'npm run bench (skipped: it needs a C compiler, cc)'

describe.skipIf(!HAS_COMPILER)(title, () => {
  test('measures the requests of a load against the server’s own clock', () => {
    const compile = `import('./bench/ground-truth/stamp-server.mjs').then(({ compile }) => compile())`
    execFileSync(process.execPath, ['-e', compile], { cwd: ROOT })
    const load = { users: 5, qps: 50, seconds: 1, tokens: 4, ttftMs: 20, itlMs: 10 }
    const row = JSON.parse(
      execFileSync(process.execPath, ['bench/client.mjs', JSON.stringify(load)], { cwd: ROOT, encoding: 'utf8' }),
    )
    expect(row.failed).toBe(0)
    // Those of the last answers that end after the second are not among them.
    expect(row.ended).toBeGreaterThan(40)
    expect(row.ended).toBeLessThanOrEqual(50)
    expect(row.ttftErrorMs.p50).toBeGreaterThan(0)
    expect(row.lagMs.p50).toBeGreaterThanOrEqual(0)
  })
})
