import { chatPrompt, type Prompt } from '../text/prompt.js'
import { badRequest, unknownModel } from './errors.js'
import { Fields } from './fields.js'
import { readMessages, readPrompts } from './prompt-fields.js'

export type ApiKind = 'completions' | 'chat'

/** A completion or chat request, checked and with its defaults filled in. */
export interface GenerationRequest {
  readonly prompts: readonly Prompt[]
  readonly promptTokens: number
  /** Answers to each prompt. */
  readonly n: number
  readonly maxTokens: number
  readonly minTokens: number
  /** Answers have `maxTokens` tokens exactly. */
  readonly ignoreEos: boolean
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Usage so far in each chunk. */
  readonly continuousUsage: boolean
  /** Alternatives to report for each token; null = no logprobs. */
  readonly logprobs: number | null
  readonly returnTokenIds: boolean
}

export interface ModelLimits {
  readonly model: string
  readonly contextLength: number
}

/** vLLM's default for completions; a chat may fill the context. */
const DEFAULT_COMPLETION_MAX_TOKENS = 16
/** vLLM's default of --max-logprobs. */
const MAX_LOGPROBS = 20
/** vLLM's default of VLLM_MAX_N_SEQUENCES; here for all prompts of a request together. */
const MAX_ANSWERS = 16_384

/**
 * Reads a request body. Throws an `ApiError` in the order in which vLLM finds faults: fields of the
 * wrong kind, all at once, then an unknown model, the context length, and values out of range.
 */
export function readGenerationRequest(kind: ApiKind, body: unknown, limits: ModelLimits): GenerationRequest {
  const fields = new Fields(body)
  const model = fields.string('model')
  const prompts = kind === 'chat' ? [chatPrompt(readMessages(fields))] : readPrompts(fields)
  const askedTokens = readMaxTokens(kind, fields)
  const temperature = fields.number('temperature')
  const options = readOptions(kind, fields)
  fields.check()

  checkModel(model, limits)
  const promptTokens = prompts.map((prompt) => prompt.tokens)
  for (const tokens of promptTokens) checkContext(tokens, askedTokens, limits.contextLength)
  const maxTokens = askedTokens ?? limits.contextLength - Math.max(...promptTokens)
  const request = { ...options, prompts, promptTokens: promptTokens.reduce((a, b) => a + b), maxTokens }
  checkValues(request, temperature)
  return request
}

/** Throws if a request names a model that is not served; naming none is allowed. */
export function checkModel(model: string | null, limits: ModelLimits): void {
  if (model !== null && model !== limits.model) throw unknownModel(model)
}

function readMaxTokens(kind: ApiKind, fields: Fields): number | null {
  const maxTokens = fields.integer('max_tokens')
  if (kind === 'completions') return maxTokens ?? DEFAULT_COMPLETION_MAX_TOKENS
  return fields.integer('max_completion_tokens') ?? maxTokens
}

function readOptions(kind: ApiKind, fields: Fields) {
  const stream = fields.boolean('stream') ?? false
  const streamOptions = fields.object('stream_options')
  if (streamOptions !== null && !stream) {
    fields.refuse(null, 'value_error', 'Value error, Stream options can only be defined when `stream=True`.')
  }
  const usage = new Fields(streamOptions ?? {})
  const includeUsage = streamOptions !== null && (usage.boolean('include_usage') ?? true)
  const continuousUsage = includeUsage && (usage.boolean('continuous_usage_stats') ?? false)
  usage.check()
  return {
    n: fields.integer('n') ?? 1,
    minTokens: fields.integer('min_tokens') ?? 0,
    ignoreEos: fields.boolean('ignore_eos') ?? false,
    stream,
    includeUsage,
    continuousUsage,
    logprobs: readLogprobs(kind, fields),
    returnTokenIds: fields.boolean('return_token_ids') ?? false,
  }
}

function readLogprobs(kind: ApiKind, fields: Fields): number | null {
  if (kind === 'completions') return fields.integer('logprobs')
  const wanted = fields.boolean('logprobs') ?? false
  const alternatives = fields.integer('top_logprobs') ?? 0
  if (alternatives !== 0 && !wanted) {
    const message = 'Value error, when using `top_logprobs`, `logprobs` must be set to true.'
    fields.refuse(null, 'value_error', message)
  }
  return wanted ? alternatives : null
}

function checkContext(promptTokens: number, maxTokens: number | null, contextLength: number): void {
  const limit = `This model's maximum context length is ${contextLength} tokens`
  if (promptTokens >= contextLength) {
    const words = `${limit}. However, your request has ${promptTokens} input tokens. Please reduce the length of the input messages.`
    throw badRequest(words, 'input_tokens')
  }
  if (maxTokens !== null && promptTokens + maxTokens > contextLength) {
    const sum = `(${maxTokens} > ${contextLength} - ${promptTokens})`
    const words = `'max_tokens' or 'max_completion_tokens' is too large: ${maxTokens}. ${limit} and your request has ${promptTokens} input tokens ${sum}.`
    throw badRequest(words, 'max_tokens')
  }
}

function checkValues(request: GenerationRequest, temperature: number | null): void {
  const { n, maxTokens, minTokens, logprobs } = request
  if (n < 1) throw badRequest(`n must be at least 1, got ${n}.`)
  if (n * request.prompts.length > MAX_ANSWERS) throw badRequest(`n must be at most ${MAX_ANSWERS}, got ${n}.`)
  if (temperature !== null && temperature < 0) {
    throw badRequest(`temperature must be non-negative, got ${temperature}.`, 'temperature')
  }
  if (maxTokens < 1) throw badRequest(`max_tokens must be at least 1, got ${maxTokens}.`, 'max_tokens')
  if (minTokens < 0) throw badRequest(`min_tokens must be greater than or equal to 0, got ${minTokens}.`)
  if (minTokens > maxTokens) {
    throw badRequest(`min_tokens must be less than or equal to max_tokens=${maxTokens}, got ${minTokens}.`)
  }
  if (logprobs !== null && logprobs < 0) throw badRequest('`logprobs` must be a positive value.', 'logprobs')
  if (logprobs !== null && logprobs > MAX_LOGPROBS) {
    throw badRequest(`Requested sample logprobs of ${logprobs}, which is greater than max allowed: ${MAX_LOGPROBS}`)
  }
}
