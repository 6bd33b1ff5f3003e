import { EXIT, type ExitCode, type RunReport } from '@llmload/core'

export interface Outcome {
  readonly report: Pick<RunReport, 'verdict'> & {
    readonly window: Pick<RunReport['window'], 'endedBy'>
    readonly requests: Pick<RunReport['requests'], 'succeeded' | 'failRatio'>
  }
  /** No worker did its share to the end. */
  readonly allWorkersLost: boolean
  /** A report could not be written. */
  readonly outputFailed: boolean
  readonly maxFailRatio: number
  readonly requireValid: boolean
}

/** What a finished run ends with; what makes the numbers worth least comes first. */
export function exitCodeOf({ report, allWorkersLost, outputFailed, maxFailRatio, requireValid }: Outcome): ExitCode {
  const { endedBy } = report.window
  if (allWorkersLost || endedBy === 'worker-lost') return EXIT.notCarriedOut
  if (outputFailed) return EXIT.usage
  if (requireValid && report.verdict === 'INVALID') return EXIT.invalid
  const { requests } = report
  const failed = endedBy === 'aborted' || requests.succeeded === 0 || (requests.failRatio ?? 0) > maxFailRatio
  return failed ? EXIT.failures : EXIT.ok
}
