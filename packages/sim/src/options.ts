import { DISTRIBUTIONS, type Distribution } from './engine/pace.js'

/** One option of the simulator: all that a command line needs to offer and explain it. */
export interface SimOption<T = number | string | boolean | null> {
  readonly type: 'integer' | 'number' | 'text' | 'choice' | 'switch'
  readonly unit: string | null
  /** Null = off, or as the help says. */
  readonly default: T
  readonly help: string
  /** Bounds of numbers, both included. */
  readonly min?: number
  readonly max?: number
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

  tokensPerChunk: integer(1, 'Tokens in one event of a stream, like --stream-interval of vLLM.', { min: 1 }),
  lateHeaders: flag('Send the headers of a stream with its first token instead of at once.'),
  crlf: flag('End the lines of streams with CR LF.'),
  pingMs: number(0, 'Send a comment line into streams so often; 0 = never.', { unit: 'ms', max: MAX_MS }),
  noUsage: flag('Never send the usage of a stream.'),
  splitUtf8: flag('Send the first character of several bytes in an event in two parts, 1 ms apart.'),

  failEvery: every('fail with --fail-status'),
  failStatus: integer(500, 'HTTP status of these failures.', { min: 400, max: 599 }),
  dieEvery: every('die: its connection is cut in the middle of the answer'),
  dieAfterTokens: afterTokens('a connection is cut'),
  errorEvery: every('end with an error event in the middle of the stream, under HTTP 200'),
  errorAfterTokens: afterTokens('the error comes'),
  stallEvery: every('fall silent in the middle of the answer, its connection left open'),
  stallAfterTokens: afterTokens('silence falls'),

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
    problems.push(`--${name} ${given}: ${expected(option)}`)
    return [key, option.default]
  })
  // The table made both the keys and the type.
  return { options: Object.fromEntries(entries) as SimOptions, problems }
}

/** Null if the value is none of the option. */
function parseValue(option: SimOption, given: string | boolean): number | string | boolean | null {
  if (option.type === 'switch') return parseSwitch(given)
  if (typeof given === 'boolean' || given.trim() === '') return null
  if (option.type === 'text') return given
  if (option.type === 'choice') return option.choices?.includes(given) ? given : null
  return parseNumber(option, given)
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

function expected({ type, choices = [], min, max }: SimOption): string {
  switch (type) {
    case 'switch':
      return 'is a switch and takes no value'
    case 'text':
      return 'needs a value'
    case 'choice':
      return `must be one of ${choices.join(', ')}`
    default: {
      const kind = type === 'integer' ? 'an integer' : 'a number'
      return max === undefined ? `must be ${kind} of ${min} or more` : `must be ${kind} from ${min} to ${max}`
    }
  }
}
