import { type Group, option, RUN } from './option.js'
import { decimal, flag, integer, text } from './values.js'

const OUTPUT: Group = { title: 'Output', roles: RUN }

/** What a run shows, writes and says of itself. */
export const OUTPUT_OPTIONS = {
  headless: option({
    group: OUTPUT,
    type: flag,
    default: 'false',
    help: 'Run at once, without a web page. There is no web page yet, so every run is headless.',
  }),
  'summary-file': option({
    group: OUTPUT,
    type: text('FILE'),
    default: null,
    unset: 'none',
    help: 'CSV file to which the summary is appended as a row.',
  }),
  csv: option({
    group: OUTPUT,
    type: text('PREFIX'),
    default: null,
    unset: 'none',
    help: 'Write Locust’s four files, PREFIX_stats.csv and so on.',
  }),
  json: option({ group: OUTPUT, type: flag, default: 'false', help: 'Print the result as one JSON object on stdout.' }),
  'only-summary': option({
    group: OUTPUT,
    type: flag,
    default: 'false',
    help: 'Print no tables while the run goes on.',
  }),
  'print-stats': option({
    group: OUTPUT,
    type: flag,
    default: 'false',
    help: 'Print tables while the run goes on even where there is a web page.',
  }),
  'max-fail-ratio': option({
    group: OUTPUT,
    type: decimal({ min: 0, max: 1 }, 'RATIO'),
    default: '0.01',
    help: 'Exit with 1 if a larger part of the requests failed.',
  }),
  'abort-on-fail-ratio': option({
    group: OUTPUT,
    type: decimal({ min: 0, max: 1 }, 'RATIO'),
    default: null,
    unset: 'goes on whatever fails',
    help: 'End the run early, with a report and exit code 1, if a larger part of the requests of 10 seconds failed (of at least 20), or if 100 in a row ended in the same error.',
  }),
  'require-valid': option({
    group: OUTPUT,
    type: flag,
    default: 'false',
    help: 'Exit with 98 if the verdict is INVALID: the numbers are those of the client, not of the server.',
  }),
  'request-log': option({
    group: OUTPUT,
    type: text('FILE'),
    default: null,
    unset: 'none',
    help: 'Write one line of JSON per request, with all its marks; compressed if the name ends in .gz.',
  }),
  'record-frames': option({
    group: OUTPUT,
    type: integer({ min: 0, max: 1000 }),
    default: '0',
    help: 'Keep the responses of the N slowest and of the first N failed requests, byte by byte as they came, in a file beside --request-log.',
  }),
  history: option({
    group: OUTPUT,
    type: flag,
    default: 'true',
    help: 'Keep a folder of the run, which llmload runs lists and llmload report prints again.',
  }),
  'runs-dir': option({
    group: OUTPUT,
    type: text('DIR'),
    default: null,
    unset: '~/.local/state/llmload/runs',
    help: 'Where folders of runs are kept.',
  }),
}
