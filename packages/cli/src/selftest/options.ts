import { type Group, OPTIONS, type Option, readSettings, type Setting } from '@llmload/core'
import type { SelftestOptions } from './selftest.js'

const SELFTEST: Group = { title: 'Options of llmload selftest' }

interface SelftestTable extends Record<string, Option> {
  readonly seconds: Option<number, string>
  readonly processes: Option<number, string>
  readonly 'max-streams': Option<number, string>
  readonly 'max-rate': Option<number, string>
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
  'max-streams': {
    group: SELFTEST,
    type: OPTIONS.users.type,
    default: '12800',
    help: 'Go no further than so many streams of 50 tokens/s.',
    sources: ['flag'],
  },
  'max-rate': {
    group: SELFTEST,
    type: OPTIONS.users.type,
    default: '2000',
    help: 'Measure pacing at no more than so many requests per second.',
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
  const { 'max-streams': maxStreams, 'max-rate': maxRatePerS, ...others } = values
  return { options: { ...others, maxStreams, maxRatePerS }, problems }
}
