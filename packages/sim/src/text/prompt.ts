import { countTokens, encode, specialId } from './tokenizer.js'

/** What a request asks the model to continue. */
export interface Prompt {
  readonly tokens: number
  ids(): number[]
}

export const textPrompt = (text: string): Prompt => ({ tokens: countTokens(text), ids: () => encode(text) })

export const idsPrompt = (ids: readonly number[]): Prompt => ({ tokens: ids.length, ids: () => [...ids] })

export const CHAT_ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const
export type ChatRole = (typeof CHAT_ROLES)[number]

export interface ChatMessage {
  readonly role: ChatRole
  readonly text: string
}

const TOKENS_PER_MESSAGE = 2
const TOKENS_OF_GENERATION_PROMPT = 1

/**
 * The chat template: `<|role|>`, the content, `<|end|>` for each message, then `<|assistant|>`. So a
 * conversation has the tokens of its contents, two for each message, and one.
 */
export function chatPrompt(messages: readonly ChatMessage[], addGenerationPrompt = true): Prompt {
  const ending = addGenerationPrompt ? TOKENS_OF_GENERATION_PROMPT : 0
  return {
    tokens: messages.reduce((sum, { text }) => sum + countTokens(text) + TOKENS_PER_MESSAGE, ending),
    ids: () => {
      const ids = messages.flatMap(({ role, text }) => [
        specialId(`<|${role}|>`),
        ...encode(text),
        specialId('<|end|>'),
      ])
      return addGenerationPrompt ? [...ids, specialId('<|assistant|>')] : ids
    },
  }
}
