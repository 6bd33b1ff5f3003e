import { choice, type Group, OPTIONS, option } from '@llmload/core'
import { FORMATS, type Format } from '@llmload/master'

const RUNS: Group = { title: 'Options of llmload runs' }
const REPORT: Group = { title: 'Options of llmload report' }

const FORMAT_NAMES = Object.keys(FORMATS) as Format[]

/** The option table of `llmload runs`. */
export const RUNS_TABLE = {
  json: option({ ...OPTIONS.json, group: RUNS, help: 'Print a JSON array.', sources: ['flag'] }),
  'runs-dir': option({ ...OPTIONS['runs-dir'], group: RUNS }),
}

/** The option table of `llmload report`. */
export const REPORT_TABLE = {
  format: option({
    group: REPORT,
    type: choice(FORMAT_NAMES),
    default: 'text',
    help: 'What to print: all that the run printed, its JSON report, or one of its CSV files.',
    sources: ['flag'],
  }),
  'runs-dir': option({ ...OPTIONS['runs-dir'], group: REPORT }),
}
