import { CHAT_ROLES, type ChatMessage, type ChatRole, idsPrompt, type Prompt, textPrompt } from '../text/prompt.js'
import { type Fields, isObject } from './fields.js'

/** `prompt` of a completion: a text, several, token ids or several lists of them. */
export function readPrompts(fields: Fields): Prompt[] {
  const prompt = fields.raw('prompt')
  if (prompt === null || prompt === '') {
    fields.refuse(null, 'value_error', 'Value error, Either prompt or prompt_embeds must be provided and non-empty.')
    return []
  }
  const prompts = typeof prompt === 'string' || isIds(prompt) ? [promptOf(prompt)] : listOf(prompt).map(promptOf)
  if (prompts.length > 0 && prompts.every((one) => one !== null)) return prompts
  fields.refuse('prompt', 'string_type', 'Input should be a valid string')
  return []
}

/** `messages` of a chat. Contents may be texts, lists of text parts, or null. */
export function readMessages(fields: Fields): ChatMessage[] {
  const messages = fields.raw('messages')
  if (messages === null) {
    fields.refuse('messages', 'missing', 'Field required')
    return []
  }
  if (!Array.isArray(messages)) {
    fields.refuse('messages', 'list_type', 'Input should be a valid list')
    return []
  }
  return messages.flatMap((message: unknown) => messageOf(message, fields) ?? [])
}

const isIds = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id) && id >= 0)

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function promptOf(value: unknown): Prompt | null {
  if (typeof value === 'string') return textPrompt(value)
  return isIds(value) ? idsPrompt(value) : null
}

const isRole = (value: unknown): value is ChatRole => CHAT_ROLES.some((role) => role === value)

function messageOf(message: unknown, fields: Fields): ChatMessage | null {
  if (!isObject(message) || !isRole(message.role)) {
    const roles = CHAT_ROLES.map((role) => `'${role}'`).join(', ')
    fields.refuse('messages', 'literal_error', `Input should be a message with one of the roles ${roles}`)
    return null
  }
  const text = contentText(message.content ?? null)
  if (text === null) {
    fields.refuse('messages', 'string_type', 'Input should be a valid string or a list of text parts')
    return null
  }
  return { role: message.role, text }
}

/** Text parts stand on lines of their own, as vLLM joins them. */
function contentText(content: unknown): string | null {
  if (content === null) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return null
  const texts = content.map((part: unknown) => (isObject(part) && part.type === 'text' ? part.text : null))
  return texts.every((text) => typeof text === 'string') ? texts.join('\n') : null
}
