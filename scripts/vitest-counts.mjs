import { writeFileSync } from 'node:fs'

/** @import { Reporter, TestModule } from 'vitest/node' */

/**
 * A vitest reporter that writes an Outcome (steps.mjs) to the file named by VITEST_COUNTS_FILE.
 * Vitest's own JSON report leaves out why a test was skipped.
 *
 * @implements {Reporter}
 */
export default class CountsReporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const file = process.env.VITEST_COUNTS_FILE
    if (file === undefined) throw new Error('VITEST_COUNTS_FILE is not set')

    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (/** @type {string} */ state) => tests.filter((test) => test.result().state === state).length
    const skipped = tests.flatMap((test) => {
      const result = test.result()
      if (result.state !== 'skipped') return []
      return [{ name: test.fullName, reason: result.note ?? 'no reason given; skip with context.skip(reason)' }]
    })
    // A file that does not load and a beforeAll that throws fail no test, and yet they are failures.
    const groups = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const broken = groups.filter((group) => group.errors().length > 0).length

    const failed = count('failed') + broken + unhandledErrors.length
    writeFileSync(file, JSON.stringify({ passed: count('passed'), failed, skipped }))
  }
}
