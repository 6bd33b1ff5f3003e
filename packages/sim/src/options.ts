import { DISTRIBUTIONS, type Distribution } from './engine/pace.js'
import { QUIRK_NAMES } from './quirks/table.js'

/** One option of the simulator: all that a command line needs to offer and explain it. */
export interface SimOption<T = number | string | boolean | null | readonly string[]> {
  readonly type: 'integer' | 'number' | 'text' | 'choice' | 'list' | 'switch'
  readonly unit: string | null
  /** Null = off, or as the help says. */
  readonly default: T
  readonly help: string
  /** Bounds of numbers, both included. */
  readonly min?: number
  readonly max?: number
  /** Of a list: what its parts can be. */
  readonly choices?: readonly string[]
}

type Bounds = { unit?: string; min?: number; max?: number }

const number = (value: number, help: string, bounds: Bounds = {}): SimOption<number> => ({
  type: 'number',
  unit: null,
  default: value,
  help,
  min: 0,
  ...bounds,
})

const integer = (value: number, help: string, bounds: Bounds = {}): SimOption<number> => ({
  ...number(value, help, bounds),
  type: 'integer',
})

const text = (value: string, help: string): SimOption<string> => ({ type: 'text', unit: null, default: value, help })

const optionalText = (help: string): SimOption<string | null> => ({ type: 'text', unit: null, default: null, help })

const choice = (value: Distribution, help: string): SimOption<Distribution> => ({
  type: 'choice',
  unit: null,
  default: value,
  help,
  choices: DISTRIBUTIONS,
})

const flag = (help: string): SimOption<boolean> => ({ type: 'switch', unit: null, default: false, help })

const every = (what: string): SimOption<number | null> => ({
  ...integer(1, `Let every N-th generation ${what}.`, { min: 1 }),
  default: null,
})

const afterTokens = (what: string): SimOption<number | null> => ({
  ...integer(0, `Tokens after which ${what}; 10 if only how often is given.`, { unit: 'tokens' }),
  default: null,
})

const rate = (what: string): SimOption<number | null> => ({
  ...number(0, `Let this part of all generations ${what}, drawn from the seed.`, { max: 1 }),
  default: null,
})

const MAX_MS = 3_600_000

const TABLE = {
  port: integer(8000, 'Port to listen on; 0 takes any free one.', { max: 65_535 }),
  host: text('127.0.0.1', 'Address to listen on.'),
  model: text('sim-model', 'Name of the model that is served.'),
  contextLength: integer(32_768, 'Longest prompt and answer together.', { unit: 'tokens', min: 2, max: 10_000_000 }),
  apiKey: optionalText('Key that /v1 requests must bring; none is asked for without it.'),
  seed: integer(0, 'Everything random follows from it.', { max: Number.MAX_SAFE_INTEGER }),

  ttftMs: number(50, 'Mean time from a request to its first token.', { unit: 'ms', max: MAX_MS }),
  ttftDistribution: choice('constant', 'How that time is spread.'),
  itlMs: number(10, 'Mean time from one token to the next.', { unit: 'ms', max: MAX_MS }),
  itlDistribution: choice('constant', 'How that time is spread.'),
  jitter: number(
    0.3,
    'Spread of uniform (mean ± jitter × mean) and normal (standard deviation jitter × mean) times; both stay within 0 … 2 × mean.',
    { max: 1 },
  ),
  prefillUsPerToken: number(0, 'Time that each token of the prompt adds before the first token.', {
    unit: 'µs',
    max: 1e6,
  }),
  answerTokens: integer(
    200,
    'Mean length of answers that may end by themselves, without ignore_eos: 1 … 2 × this, as far as max_tokens lets them.',
    { unit: 'tokens', min: 1 },
  ),

  itlUsPerSequence: number(0, 'Time that each sequence in the batch adds to every token.', { unit: 'µs', max: 1e6 }),
  maxNumSeqs: {
    ...integer(1, 'Sequences that are generated at once, like --max-num-seqs of vLLM; further requests wait.', {
      min: 1,
    }),
    default: null,
  } as SimOption<number | null>,
  prefixCacheTokens: integer(0, 'Size of the prefix cache, in blocks of 16; 0 = none.', { unit: 'tokens', max: 1e8 }),

  tokensPerChunk: integer(1, 'Tokens in one event of a stream, like --stream-interval of vLLM.', { min: 1 }),
  pingMs: number(0, 'Send a comment line into streams so often; 0 = never.', { unit: 'ms', max: MAX_MS }),
  quirk: {
    type: 'list',
    unit: null,
    default: [],
    help: 'Send what servers in the field send: names with commas between them, listed in docs/simulator.md.',
    choices: QUIRK_NAMES,
  } as SimOption<readonly string[]>,

  failEvery: every('fail with --fail-status'),
  failRate: rate('fail so'),
  failStatus: integer(500, 'HTTP status of these failures.', { min: 400, max: 599 }),
  dieEvery: every('die: its connection is closed in the middle of the answer'),
  dieRate: rate('die so'),
  dieAfterTokens: afterTokens('a connection is closed'),
  resetEvery: every('have its connection reset in the middle of the answer'),
  resetRate: rate('be reset so'),
  resetAfterTokens: afterTokens('the reset comes'),
  errorEvery: every('end with an error event in the middle of the stream, under HTTP 200'),
  errorRate: rate('end so'),
  errorAfterTokens: afterTokens('the error comes'),
  stallEvery: every('fall silent in the middle of the answer, its connection left open'),
  stallRate: rate('fall silent so'),
  stallAfterTokens: afterTokens('silence falls'),
  truncateEvery: every('end in the middle of an event, with a proper end of HTTP'),
  truncateRate: rate('end so'),
  truncateAfterTokens: afterTokens('the end comes'),

  stampChunks: flag(
    'Put the true send time into every chunk: sent_ns, nanoseconds of the monotonic clock of the host.',
  ),
  fast: flag('Do only streams of one answer at constant pace, but as many as the machine can.'),
  processes: integer(1, 'Processes that serve with --fast.', { min: 1, max: 64 }),
  truthLog: optionalText(
    'File for what really happened: a JSON line for each request, with the send time of each chunk.',
  ),
} satisfies Record<string, SimOption>

/** The settings of a simulator: the keys of the option table, with their values. */
export type SimOptions = {
  readonly [Key in keyof typeof TABLE]: (typeof TABLE)[Key] extends SimOption<infer Value> ? Value : never
}

const nameOf = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** The option table: a row for each option of `llmload sim`, named as on the command line (`ttft-ms`). */
export const SIM_OPTIONS: ReadonlyArray<SimOption & { readonly name: string }> = Object.entries<SimOption>(TABLE).map(
  ([key, option]) => ({ name: nameOf(key), ...option }),
)

/**
 * Reads option values as a command line gives them, by name. What is not given has its default; so
 * has what is wrong, and `problems` says all that is.
 */
export function parseSimOptions(values: Readonly<Record<string, string | boolean | undefined>>): {
  options: SimOptions
  problems: string[]
} {
  const problems: string[] = []
  const entries = Object.entries<SimOption>(TABLE).map(([key, option]) => {
    const name = nameOf(key)
    const given = values[name]
    if (given === undefined) return [key, option.default]
    const value = parseValue(option, given)
    if (value !== null) return [key, value]
    problems.push(`--${name} ${given}: ${expected(option, given)}`)
    return [key, option.default]
  })
  // The table made both the keys and the type.
  const options = Object.fromEntries(entries) as SimOptions
  return { options, problems: [...problems, ...conflicts(options)] }
}

/** What the fast mode can do; everything else it refuses. */
const FAST_KEYS: readonly string[] = [
  ...['fast', 'processes', 'port', 'host', 'model', 'contextLength', 'seed'],
  ...['ttftMs', 'itlMs', 'prefillUsPerToken', 'stampChunks'],
]

/** Options that do not go together. */
function conflicts(options: SimOptions): string[] {
  if (!options.fast) return options.processes > 1 ? ['--processes needs --fast: only then are there several'] : []
  const given = Object.entries<SimOption>(TABLE).filter(([key, option]) => {
    const value = options[key as keyof SimOptions]
    return !FAST_KEYS.includes(key) && String(value) !== String(option.default)
  })
  return given.map(([key]) => `--${nameOf(key)} does not go with --fast, which does only streams at constant pace`)
}

/** Null if the value is none of the option. */
function parseValue(option: SimOption, given: string | boolean): SimOption['default'] {
  if (option.type === 'switch') return parseSwitch(given)
  if (typeof given === 'boolean' || given.trim() === '') return null
  if (option.type === 'text') return given
  if (option.type === 'list') return parseList(option, given)
  if (option.type === 'choice') return option.choices?.includes(given) ? given : null
  return parseNumber(option, given)
}

const partsOf = (given: string | boolean): string[] =>
  String(given)
    .split(',')
    .map((part) => part.trim())

function parseList({ choices = [] }: SimOption, given: string): readonly string[] | null {
  const parts = partsOf(given)
  return parts.every((part) => choices.includes(part)) ? parts : null
}

function parseSwitch(given: string | boolean): boolean | null {
  if (String(given) === 'true') return true
  return String(given) === 'false' ? false : null
}

function parseNumber(option: SimOption, given: string): number | null {
  const { type, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = option
  const value = Number(given)
  const isKind = type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)
  return isKind && value >= min && value <= max ? value : null
}

function expected({ type, choices = [], min, max }: SimOption, given: string | boolean): string {
  switch (type) {
    case 'switch':
      return 'is a switch and takes no value'
    case 'text':
      return 'needs a value'
    case 'list':
      return `there is no ${partsOf(given).find((part) => !choices.includes(part)) ?? 'name'}; the help lists all of them`
    case 'choice':
      return `must be one of ${choices.join(', ')}`
    default: {
      const kind = type === 'integer' ? 'an integer' : 'a number'
      return max === undefined ? `must be ${kind} of ${min} or more` : `must be ${kind} from ${min} to ${max}`
    }
  }
}
