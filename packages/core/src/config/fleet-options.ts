import { type Group, option } from './option.js'
import { credential, flag, integer, span, text } from './values.js'

const FLEET: Group = { title: 'Master and workers' }
const MASTER: Group = { title: 'With --master', roles: ['master'] }
const WORKER: Group = { title: 'With --worker', roles: ['worker'] }

/** Workers, on this host and others. */
export const FLEET_OPTIONS = {
  processes: option({
    group: FLEET,
    type: integer({ min: -1 }),
    default: null,
    unset: '1, or 0 with --master',
    help: 'Worker processes to start on this host; -1 = one per CPU.',
  }),
  master: option({
    group: FLEET,
    type: flag,
    default: 'false',
    help: 'Coordinate workers of this host and others.',
  }),
  worker: option({
    group: FLEET,
    type: flag,
    default: 'false',
    help: 'Be a worker: send load as a master says. Everything about the run is set at the master.',
  }),
  'master-port': option({
    group: FLEET,
    type: integer({ min: 0, max: 65535 }, 'PORT'),
    default: null,
    unset: '5557, or any free one without --master and --worker',
    help: 'Port of the master.',
  }),
  token: option({
    group: FLEET,
    type: credential,
    default: null,
    unset: 'none on loopback, else the master makes one',
    sources: ['env'],
    secret: true,
    help: 'Secret that master and workers share.',
  }),
  'token-file': option({
    group: FLEET,
    type: text('FILE'),
    default: null,
    unset: 'none',
    help: 'File with that secret.',
  }),

  'master-bind-host': option({
    group: MASTER,
    type: text('HOST'),
    default: '127.0.0.1',
    help: 'Address that a master listens on; 0.0.0.0 = all. Other than loopback it needs a token.',
  }),
  'expect-workers': option({
    group: MASTER,
    type: integer({ min: 1 }),
    default: null,
    unset: '1, or --processes',
    help: 'Workers, those of --processes included, that a master waits for before it starts the run.',
  }),
  'expect-workers-max-wait': option({
    group: MASTER,
    type: span({}),
    default: null,
    unset: 'as long as it takes',
    help: 'How long a master waits for them. 0 = as long as it takes.',
  }),

  'master-host': option({
    group: WORKER,
    type: text('HOST'),
    default: '127.0.0.1',
    help: 'Where a worker finds its master.',
  }),
}
