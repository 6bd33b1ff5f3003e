import { type Group, OPTIONS, type Option, readSettings, type Setting } from '@llmload/core'
import type { SelftestOptions } from './selftest.js'

const SELFTEST: Group = { title: 'Options of llmload selftest' }

interface SelftestTable extends Record<string, Option> {
  readonly seconds: Option<number, string>
  readonly processes: Option<number, string>
  readonly out: Option<string, string>
  readonly json: Option<boolean, string>
}

/** The option table of `llmload selftest`. */
export const SELFTEST_TABLE: SelftestTable = {
  seconds: {
    group: SELFTEST,
    type: OPTIONS['run-time'].type,
    default: '3',
    help: 'Measured length of each step, after its warm-up of 1.5 s.',
    sources: ['flag'],
  },
  processes: {
    group: SELFTEST,
    type: OPTIONS.users.type,
    default: '1',
    help: 'Worker processes to measure with.',
    sources: ['flag'],
  },
  out: {
    group: SELFTEST,
    type: { ...OPTIONS['summary-file'].type, placeholder: 'DIR' },
    default: './llmload-selftest',
    help: 'Folder for selftest.json and selftest.svg.',
    sources: ['flag'],
  },
  json: { group: SELFTEST, type: OPTIONS.json.type, default: 'false', help: OPTIONS.json.help, sources: ['flag'] },
}

/** What the flags say, and all that is wrong with them. */
export function readSelftestOptions(settings: readonly Setting[]): {
  options: SelftestOptions & { readonly json: boolean }
  problems: ReturnType<typeof readSettings>['problems']
} {
  const { values, problems } = readSettings(SELFTEST_TABLE, settings)
  return { options: values, problems }
}
