import { buildReport, type ExitCode, LoadError, type Log, type OutputConfig, type RunReport } from '@llmload/core'
import { exitCodeOf } from './exit-code.js'
import type { FinishedRun } from './finished-run.js'
import type { Fleet } from './fleet.js'
import { viewOf } from './live-run.js'
import type { Reporters } from './reporters/make-reporters.js'
import type { FinalView, Reporter } from './reporters/reporter.js'
import { resultsOf } from './reporters/results.js'
import { allLost, recordOf } from './run-record.js'
import { addEmptyRows } from './summary.js'

export interface FinishDeps {
  readonly fleet: Fleet
  readonly reporters: Reporters
  readonly log: Log
  readonly output: Pick<OutputConfig, 'maxFailRatio' | 'requireValid'>
}

/** Writes the reports of a run whose load is over, files first; returns its exit code. */
export async function finishRun(run: FinishedRun, { fleet, reporters, log, output }: FinishDeps): Promise<ExitCode> {
  run.ledger.carryRowsOver()
  const record = recordOf(run)
  addEmptyRows(record.stats)
  const report = buildReport(record)
  const final: FinalView = {
    ...viewOf({ ...run, fleet }, report.window.phase),
    ...resultsOf(report, record.stats),
  }
  const allWorkersLost = allLost(record)
  if (allWorkersLost) log.error({}, 'The last worker went missing: what it reported until then is shown')
  sayWhyFailed(report, output.maxFailRatio, log)
  const outputFailed = !(await allWritten(reporters.files, final, log))
  if (output.requireValid && report.verdict === 'INVALID') log.error({}, 'Test failed: the verdict is INVALID')
  const code = exitCodeOf({ ...output, report, allWorkersLost, outputFailed })
  log.info({ code }, `Shutting down (exit code ${code})`)
  for (const screen of reporters.screens) await screen.onEnd(final)
  return code
}

async function allWritten(files: readonly Reporter[], final: FinalView, log: Log): Promise<boolean> {
  let failures = 0
  for (const file of files) {
    try {
      await file.onEnd(final)
    } catch (error) {
      if (!(error instanceof LoadError)) throw error
      failures++
      log.error({ code: error.code }, `${error.message}; ${error.hint}`)
    }
  }
  return failures === 0
}

/** In llm_bench's words. */
function sayWhyFailed({ requests: { succeeded, failed, failRatio } }: RunReport, maxFailRatio: number, log: Log): void {
  if (succeeded === 0) log.error({}, 'Test failed: no request was answered')
  else if ((failRatio ?? 0) > maxFailRatio) {
    const percent = ((failRatio ?? 0) * 100).toFixed(2)
    log.error({ failed, failRatio }, `Test failed: ${failed}/${succeeded + failed} requests failed (${percent}%)`)
  }
}
