import { chatPrompt, type Prompt, textPrompt } from '../text/prompt.js'
import { tokenText } from '../text/tokenizer.js'
import { badRequest } from './errors.js'
import { Fields } from './fields.js'
import { checkModel, type ModelLimits } from './generation-request.js'
import { readMessages } from './prompt-fields.js'

/** The answer to /tokenize. Throws an `ApiError` to refuse. */
export function tokenize(body: unknown, limits: ModelLimits): object {
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

/** The answer to /detokenize. Throws an `ApiError` to refuse. */
export function detokenize(body: unknown, limits: ModelLimits): object {
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
