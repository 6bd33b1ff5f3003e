import { FLEET_OPTIONS } from './fleet-options.js'
import { LOAD_OPTIONS } from './load-options.js'
import { type Group, option, type ValuesOf } from './option.js'
import { OUTPUT_OPTIONS } from './output-options.js'
import { REQUEST_OPTIONS } from './request-options.js'
import { LOG_LEVELS } from './run-config.js'
import { choice, flag, text } from './values.js'

const GENERAL: Group = { title: 'General' }

/** Every option of `llmload`: flags, environment variables, config keys, help, documentation and checks come from here. */
export const OPTIONS = {
  ...REQUEST_OPTIONS,
  ...LOAD_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...FLEET_OPTIONS,

  config: option({
    group: GENERAL,
    type: text('FILE'),
    default: null,
    unset: 'none',
    sources: ['env', 'flag'],
    help: 'File with options by their long names: .yaml, .json or .toml.',
  }),
  loglevel: option({
    group: GENERAL,
    alias: 'L',
    type: choice(LOG_LEVELS),
    default: 'INFO',
    help: 'Least level to log.',
  }),
  logfile: option({ group: GENERAL, type: text('FILE'), default: null, unset: 'stderr', help: 'File to log to.' }),
  help: option({
    group: GENERAL,
    alias: 'h',
    type: flag,
    default: 'false',
    sources: ['flag'],
    help: 'Print this help.',
  }),
  version: option({
    group: GENERAL,
    alias: 'V',
    type: flag,
    default: 'false',
    sources: ['flag'],
    help: 'Print the version.',
  }),
}

export type Values = ValuesOf<typeof OPTIONS>
export type OptionName = keyof Values
