// `npm test`: everything that has to pass. `-- --packed` adds the packed tarballs on several Nodes, `-- --fleet` a part of the fleet suite.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './child.mjs'
import { generatedFilesAreUpToDate } from './generated-files.mjs'
import { packedSteps } from './pack-leg.mjs'
import { bin, build, install } from './prepare.mjs'
import { asOneTest, runSteps } from './steps.mjs'

/** @import { Step } from './steps.mjs' */

const interruption = new AbortController()
const { signal } = interruption
process.on('SIGINT', () => interruption.abort())
process.on('SIGTERM', () => interruption.abort())

/** For what has to lie outside of the checkout. */
const folder = mkdtempSync(join(tmpdir(), 'llmload-test-'))

/** @type {(name: string, command: string, args: readonly string[]) => Step} */
const check = (name, command, args) => ({
  name,
  needs: ['install'],
  run: async () => asOneTest(await run(bin(command), args, { signal })),
})

/** @type {(name: string, project: string, needs: readonly string[], env?: Record<string, string>) => Step} */
const tests = (name, project, needs, env = {}) => ({
  name,
  needs,
  run: async () => {
    const countsFile = join(folder, `${project}.json`)
    const args = ['run', '--project', project, '--reporter=default', '--reporter=./scripts/vitest-counts.mjs']
    const { ok, output } = await run(bin('vitest'), args, {
      signal,
      env: { ...env, VITEST_COUNTS_FILE: countsFile },
    })
    const outcome = existsSync(countsFile)
      ? JSON.parse(readFileSync(countsFile, 'utf8'))
      : { passed: 0, failed: 0, skipped: [] }
    if (!ok && outcome.failed === 0) outcome.failed = 1
    return { ...outcome, output }
  },
})

const steps = [
  {
    name: 'install',
    run: async () => {
      const { ok, output } = await install(signal)
      return { passed: 0, failed: ok ? 0 : 1, output }
    },
  },
  check('format and lint', 'biome', ['check', '--error-on-warnings']),
  { name: 'build', needs: ['install'], run: async () => asOneTest(await build(signal)) },
  check('types of tests', 'tsc', ['--project', 'tsconfig.test.json']),
  check('import directions', 'depcruise', ['packages/*/src', 'test', 'scripts', '--config', '.dependency-cruiser.cjs']),
  check('unused code', 'knip', []),
  { name: 'generated files', needs: ['build'], run: async () => asOneTest(await generatedFilesAreUpToDate(signal)) },
  tests('unit tests', 'unit', ['install']),
  tests('end-to-end tests', 'e2e', ['build']),
  tests('timed end-to-end tests', 'timed', ['build']),
  ...(process.argv.includes('--fleet')
    ? [tests('fleet tests, short', 'fleet*', ['build'], { FLEET_LEVEL: 'short', FLEET_CHAOS_S: '10' })]
    : []),
  ...(process.argv.includes('--packed') ? packedSteps(folder, signal) : []),
]

try {
  const ok = await runSteps(steps, { signal, print: console.log })
  process.exitCode = ok && !signal.aborted ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
