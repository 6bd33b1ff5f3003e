import { type Group, option, RUN } from './option.js'
import { credential, fingerprint, flag, hosts, integer, span, text } from './values.js'

const FLEET: Group = { title: 'Master and workers' }
const RUN_API: Group = { title: 'The master’s port', roles: RUN }
const LOSSES: Group = { title: 'When a worker is lost', roles: RUN }
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
  tls: option({
    group: FLEET,
    type: flag,
    default: 'false',
    help: 'Encrypt the connections of workers. A master without --tls-cert makes a certificate for the run.',
  }),
  'control-token': option({
    group: RUN_API,
    type: credential,
    default: null,
    unset: 'open to this host, closed to others',
    sources: ['env'],
    secret: true,
    help: 'Secret of those who watch and control the run over HTTP.',
  }),
  'control-token-file': option({
    group: RUN_API,
    type: text('FILE'),
    default: null,
    unset: 'none',
    help: 'File with that secret.',
  }),
  'view-token': option({
    group: RUN_API,
    type: credential,
    default: null,
    unset: 'that of controllers',
    sources: ['env'],
    secret: true,
    help: 'Secret of those who only watch it.',
  }),
  'view-token-file': option({
    group: RUN_API,
    type: text('FILE'),
    default: null,
    unset: 'none',
    help: 'File with that secret.',
  }),
  'tls-cert': option({
    group: RUN_API,
    type: text('FILE'),
    default: null,
    unset: 'none',
    help: 'Certificate of the master, PEM, with those of the authorities behind it. Implies --tls.',
  }),
  'tls-key': option({
    group: RUN_API,
    type: text('FILE'),
    default: null,
    unset: 'none',
    help: 'Private key of that certificate, PEM.',
  }),

  'worker-grace': option({
    group: LOSSES,
    type: span({}),
    default: '30s',
    help: 'How long a worker whose connection is lost may take to come back and report what it has measured; its share goes to the others within seconds. 0 = it may not come back.',
  }),
  'fail-on-worker-loss': option({
    group: LOSSES,
    type: flag,
    default: 'false',
    help: 'End the run, with exit code 3, when the share of a worker has to be taken over by others.',
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
  'master-max-wait': option({
    group: WORKER,
    type: span({}),
    default: '60s',
    help: 'How long a worker tries to reach a master that is not there yet.',
  }),
  'allow-target': option({
    group: WORKER,
    type: hosts,
    default: '',
    help: 'Host that this worker may send load to, if not to any that the master says; may be given several times.',
  }),
  'master-fingerprint': option({
    group: WORKER,
    type: fingerprint,
    default: null,
    unset: 'none',
    help: 'The one certificate to take for the master’s, as it prints it. Implies --tls.',
  }),
  'tls-ca': option({
    group: WORKER,
    type: text('FILE'),
    default: null,
    unset: 'those of Node',
    help: 'Authorities that may vouch for the master, PEM. Implies --tls.',
  }),
}
