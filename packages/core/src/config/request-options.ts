import { PROVIDERS } from '../plan.js'
import { type Group, option, RUN } from './option.js'
import { choice, credential, decimal, flag, headers, integer, serverUrl, span, text } from './values.js'

const TARGET: Group = { title: 'Server under test', roles: RUN }
const REQUESTS: Group = { title: 'Requests', roles: RUN }

/** The server under test, and what is asked of it. */
export const REQUEST_OPTIONS = {
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
  'token-timeout': option({
    group: TARGET,
    type: span({}),
    default: null,
    unset: 'none',
    help: 'A stream that brings no token for so long fails, even if comments show that the server has not forgotten it. 0 = none.',
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
  'think-tags': option({
    group: REQUESTS,
    type: flag,
    default: 'false',
    help: 'Take text between <think> and </think> for reasoning, where the server does not tell it from the answer.',
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
}
