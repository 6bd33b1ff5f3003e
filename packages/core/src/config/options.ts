import { PROVIDERS, QPS_DISTRIBUTIONS } from '../plan.js'
import type { Group, Option, Role, ValuesOf } from './option.js'
import { LOG_LEVELS } from './run-config.js'
import { choice, credential, decimal, flag, headers, integer, serverUrl, span, text } from './values.js'

const option = <T, Default extends string | null>(option: Option<T, Default>): Option<T, Default> => option

const RUN: readonly Role[] = ['local', 'master']

const TARGET: Group = { title: 'Server under test', roles: RUN }
const REQUESTS: Group = { title: 'Requests', roles: RUN }
const LOAD: Group = { title: 'Load', roles: RUN }
const OUTPUT: Group = { title: 'Output', roles: RUN }
const FLEET: Group = { title: 'Master and workers' }
const MASTER: Group = { title: 'With --master', roles: ['master'] }
const WORKER: Group = { title: 'With --worker', roles: ['worker'] }
const GENERAL: Group = { title: 'General' }

/** Every option of `llmload`: flags, environment variables, config keys, help, documentation and checks come from here. */
export const OPTIONS = {
  host: option({
    group: TARGET,
    alias: 'H',
    type: serverUrl,
    default: 'http://localhost:8000',
    help: 'Base URL of the server; paths like /v1/completions are added to it. The word sim starts the simulator on this host for the run.',
  }),
  provider: option({
    group: TARGET,
    type: choice(PROVIDERS),
    default: null,
    unset: 'openai if the name of the host says so, else vllm',
    help: 'Kind of server. vllm adds ignore_eos, so that answers have their full length; openai sends only what the OpenAI API knows.',
  }),
  model: option({
    group: TARGET,
    alias: 'm',
    type: text('NAME'),
    default: null,
    unset: 'the first of /v1/models',
    help: 'Model to ask for.',
  }),
  'api-key': option({
    group: TARGET,
    alias: 'k',
    type: credential,
    default: null,
    secret: true,
    help: 'Key, sent as Authorization: Bearer. Prefer the variable: a flag can be read in the process list.',
  }),
  header: option({
    group: TARGET,
    type: headers,
    default: '',
    secret: true,
    help: 'Header to add to each request. Repeatable; the variable takes one per line, a config file a list.',
  }),
  timeout: option({
    group: TARGET,
    type: span({}),
    default: null,
    unset: 'none',
    help: 'A request that takes longer, from sending to its end, fails. 0 = none.',
  }),
  'progress-timeout': option({
    group: TARGET,
    type: span({ above: 0 }),
    default: '60s',
    help: 'A request that receives nothing for so long fails.',
  }),

  chat: option({
    group: REQUESTS,
    type: flag,
    default: 'false',
    help: 'Post to /v1/chat/completions instead of /v1/completions.',
  }),
  stream: option({
    group: REQUESTS,
    type: flag,
    default: 'true',
    help: 'Ask for the answer as a stream. Without it there is no time to first token.',
  }),
  'prompt-tokens': option({
    group: REQUESTS,
    alias: 'p',
    type: integer({ min: 1 }),
    default: '512',
    help: 'Tokens per prompt.',
  }),
  'max-tokens': option({
    group: REQUESTS,
    alias: 'o',
    type: integer({ min: 0 }),
    default: '64',
    help: 'Tokens to generate per answer.',
  }),
  tokenizer: option({
    group: REQUESTS,
    type: text('NAME'),
    default: null,
    unset: 'the server’s /tokenize, else an estimate',
    help: 'Fits the prompts to their length and counts tokens that the server does not count: a folder with tokenizer.json, a file, or a name on the Hugging Face hub.',
  }),
  prompt: option({
    group: REQUESTS,
    type: text('TEXT'),
    default: null,
    unset: 'a built-in instruction',
    help: 'Instruction at the end of each prompt.',
  }),
  temperature: option({ group: REQUESTS, type: decimal({ min: 0 }), default: '1.0', help: 'Sampling temperature.' }),
  'top-k': option({
    group: REQUESTS,
    type: integer({ min: -1 }),
    default: null,
    unset: 'not sent',
    help: 'Sampling top_k.',
  }),
  logprobs: option({
    group: REQUESTS,
    type: integer({ min: 0 }),
    default: null,
    unset: 'not sent',
    help: 'Log probabilities to ask for per token.',
  }),
  n: option({
    group: REQUESTS,
    alias: 'n',
    type: integer({ min: 1 }),
    default: '1',
    help: 'Answers to ask for per request.',
  }),

  users: option({
    group: LOAD,
    alias: 'u',
    type: integer({ min: 1 }),
    default: '1',
    help: 'Users, over all workers: the most requests that are in flight at once.',
  }),
  'spawn-rate': option({
    group: LOAD,
    alias: 'r',
    type: decimal({ above: 0 }, 'RATE'),
    default: '1',
    help: 'Users to start per second.',
  }),
  'run-time': option({
    group: LOAD,
    alias: 't',
    type: span({ above: 0 }),
    default: null,
    unset: 'until Ctrl-C',
    help: 'Length of the run, counted from the moment all users are started, or from the end of --warmup.',
  }),
  warmup: option({
    group: LOAD,
    type: span({}),
    default: '0',
    help: 'Let the load go on for so long after all users are started before anything is measured.',
  }),
  'max-requests': option({
    group: LOAD,
    type: integer({ min: 1 }),
    default: null,
    unset: 'no limit',
    help: 'End after so many requests, counted like --run-time.',
  }),
  qps: option({
    group: LOAD,
    type: decimal({ above: 0 }, 'RATE'),
    default: null,
    unset: 'each user sends again when it has its answer',
    help: 'Requests per second over all workers, sent by whichever user is free.',
  }),
  'qps-distribution': option({
    group: LOAD,
    type: choice(QPS_DISTRIBUTIONS),
    default: 'constant',
    help: 'Gaps between the requests of --qps; exponential gaps make a Poisson process.',
  }),
  'stop-timeout': option({
    group: LOAD,
    alias: 's',
    type: span({}),
    default: '30s',
    help: 'How long requests in flight may still finish when the run is over. 0 = cancel them at once.',
  }),
  seed: option({
    group: LOAD,
    type: integer({ min: 0 }),
    default: null,
    unset: 'a new one for each run, shown in its log and report',
    help: 'Prompts and random gaps follow from it: the same seed gives the same run. Mind that a server with a prefix cache may still hold the prompts of a run with the same seed.',
  }),

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
