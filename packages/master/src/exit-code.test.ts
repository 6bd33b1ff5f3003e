import { EXIT } from '@llmload/core'
import { expect, test } from 'vitest'
import { exitCodeOf, type Outcome } from './exit-code.js'

const FINE: Outcome = {
  report: { verdict: 'VALID', requests: { succeeded: 99, failRatio: 0.01 }, window: { endedBy: 'run-time' } },
  allWorkersLost: false,
  outputFailed: false,
  maxFailRatio: 0.01,
  requireValid: true,
}
const INVALID: Outcome = { ...FINE, report: { ...FINE.report, verdict: 'INVALID' } }
const endedBy = (cause: Outcome['report']['window']['endedBy']): Outcome => ({
  ...FINE,
  report: { ...FINE.report, window: { endedBy: cause } },
})
const failing = (outcome: Outcome): Outcome => ({
  ...outcome,
  report: { ...outcome.report, requests: { succeeded: 9, failRatio: 0.1 } },
})

test.each<[string, Outcome, number]>([
  ['a good run', FINE, EXIT.ok],
  ['too many failures', failing(FINE), EXIT.failures],
  [
    'no answer at all',
    { ...FINE, report: { ...FINE.report, requests: { succeeded: 0, failRatio: null } } },
    EXIT.failures,
  ],
  ['a SUSPECT run', { ...FINE, report: { ...FINE.report, verdict: 'SUSPECT' } }, EXIT.ok],
  ['an INVALID run', INVALID, EXIT.invalid],
  ['an INVALID run where nobody minds', { ...INVALID, requireValid: false }, EXIT.ok],
  ['an INVALID run with failures, which say nothing then', failing(INVALID), EXIT.invalid],
  ['an INVALID run whose file could not be written', { ...INVALID, outputFailed: true }, EXIT.usage],
  ['a run that was stopped', endedBy('stopped'), EXIT.ok],
  ['a run in which too much failed to go on', endedBy('aborted'), EXIT.failures],
  ['a run that was not to go on without a worker', endedBy('worker-lost'), EXIT.notCarriedOut],
  ['a run without a worker left', { ...INVALID, allWorkersLost: true, outputFailed: true }, EXIT.notCarriedOut],
])('%s', (_story, outcome, code) => {
  expect(exitCodeOf(outcome)).toBe(code)
})
