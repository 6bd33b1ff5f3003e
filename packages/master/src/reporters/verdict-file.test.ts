import { expect, test } from 'vitest'
import { verdictPaths } from './verdict-file.js'

test.each([
  ['beside a summary file', { summaryFile: 'a/x.csv' }, [{ path: 'a/x.verdict.csv', mode: 'append' }]],
  ['beside one without suffix', { summaryFile: 'results' }, [{ path: 'results.verdict.csv', mode: 'append' }]],
  ['with Locust’s files', { csvPrefix: 'out/run' }, [{ path: 'out/run_verdict.csv', mode: 'replace' }]],
  ['not beside a device', { summaryFile: '/dev/null' }, []],
  ['nowhere without CSV files', {}, []],
])('the verdict stands %s', (_story, output, paths) => {
  expect(verdictPaths({ summaryFile: null, csvPrefix: null, ...output })).toEqual(paths)
})
