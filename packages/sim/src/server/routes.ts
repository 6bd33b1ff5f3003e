import { badRequest } from '../api/errors.js'
import { Fields } from '../api/fields.js'
import { checkModel, type ModelLimits } from '../api/generation-request.js'
import { readMessages } from '../api/prompt-fields.js'
import { chatPrompt, type Prompt, textPrompt } from '../text/prompt.js'
import { tokenText } from '../text/tokenizer.js'
import type { SimStats } from './counters.js'
import type { Exchange } from './exchange.js'
import type { Generator } from './generator.js'
import { metricsPage } from './metrics-page.js'

export interface RouteDeps {
  readonly generator: Generator
  readonly limits: ModelLimits
  readonly version: string
  /** Unix seconds at which the simulator started. */
  readonly startedS: number
  readonly stats: () => SimStats
}

/** Answers an exchange now or later; throws an `ApiError` to refuse it. */
type Handler = (exchange: Exchange, body: unknown) => void

export type Routes = Readonly<Record<string, { readonly GET?: Handler; readonly POST?: Handler }>>

/** What the simulator serves, by path and method. */
export function routes({ generator, limits, version, startedS, stats }: RouteDeps): Routes {
  const models = JSON.stringify(modelList(limits, startedS))
  return {
    '/health': { GET: (exchange) => exchange.sendJson(200, '') },
    '/version': { GET: (exchange) => exchange.sendJson(200, JSON.stringify({ version })) },
    '/metrics': {
      GET: (exchange) => {
        const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
        exchange.sendJson(200, metricsPage(stats(), limits.model), { headers })
      },
    },
    '/v1/models': { GET: (exchange) => exchange.sendJson(200, models) },
    '/v1/completions': { POST: (exchange, body) => generator.generate('completions', exchange, body) },
    '/v1/chat/completions': { POST: (exchange, body) => generator.generate('chat', exchange, body) },
    '/tokenize': { POST: (exchange, body) => exchange.sendJson(200, JSON.stringify(tokenize(body, limits))) },
    '/detokenize': { POST: (exchange, body) => exchange.sendJson(200, JSON.stringify(detokenize(body, limits))) },
  }
}

function tokenize(body: unknown, limits: ModelLimits): object {
  const fields = new Fields(body)
  const model = fields.string('model')
  const withTexts = fields.boolean('return_token_strs') ?? false
  const prompt = fields.raw('messages') === null ? readTextPrompt(fields) : readChatPrompt(fields)
  fields.check()
  checkModel(model, limits)
  const tokens = prompt.ids()
  const token_strs = withTexts ? tokens.map(tokenText) : null
  return { count: tokens.length, max_model_len: limits.contextLength, tokens, token_strs }
}

/** Unlike a completion, /tokenize takes an empty text. */
function readTextPrompt(fields: Fields): Prompt {
  if (fields.raw('prompt') === null) fields.refuse('prompt', 'missing', 'Field required')
  return textPrompt(fields.string('prompt') ?? '')
}

function readChatPrompt(fields: Fields): Prompt {
  return chatPrompt(readMessages(fields), fields.boolean('add_generation_prompt') ?? true)
}

function detokenize(body: unknown, limits: ModelLimits): object {
  const fields = new Fields(body)
  const model = fields.string('model')
  const tokens = fields.raw('tokens')
  if (!Array.isArray(tokens)) fields.refuse('tokens', 'list_type', 'Input should be a valid list')
  fields.check()
  checkModel(model, limits)
  const texts = (Array.isArray(tokens) ? tokens : []).map((id: unknown) => {
    const text = typeof id === 'number' ? tokenText(id) : null
    if (text === null) throw badRequest(`Token id ${JSON.stringify(id)} is out of vocabulary`)
    return text
  })
  return { prompt: texts.join('') }
}

function modelList({ model, contextLength }: ModelLimits, startedS: number): object {
  const permission = {
    id: 'modelperm-00000000000000000000000000000000',
    object: 'model_permission',
    created: startedS,
    allow_create_engine: false,
    allow_sampling: true,
    allow_logprobs: true,
    allow_search_indices: false,
    allow_view: true,
    allow_fine_tuning: false,
    organization: '*',
    group: null,
    is_blocking: false,
  }
  const card = {
    id: model,
    object: 'model',
    created: startedS,
    owned_by: 'vllm',
    root: model,
    parent: null,
    max_model_len: contextLength,
    permission: [permission],
  }
  return { object: 'list', data: [card] }
}
