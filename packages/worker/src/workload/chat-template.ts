import { readFile } from 'node:fs/promises'
import { Template } from '@huggingface/jinja'
import { LoadError } from '@llmload/core'
import type { TokenizerFiles } from './find-tokenizer.js'
import { isObject, type JsonObject } from './json-object.js'

/** Special tokens that templates use by name; transformers hands them all over. */
const TOKEN_NAMES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const

/**
 * What a server makes of one user message: the text of the model's chat template around it, up to
 * where the answer begins. Throws LoadError if the model has no template.
 */
export async function chatTemplateOf(files: TokenizerFiles, config: JsonObject): Promise<(prompt: string) => string> {
  // A file of its own wins over the entry in the config, as in transformers.
  const source = files.chatTemplate ? await readFile(files.chatTemplate, 'utf8') : templateIn(config)
  if (source === null) {
    throw new LoadError(
      'TOKENIZER',
      `the tokenizer in ${files.source} has no chat template, so the length of a chat prompt cannot be known`,
      "put the model's chat_template.jinja beside it, leave out --tokenizer so that the server counts, or use --no-chat",
    )
  }
  const template = new Template(source)
  const tokens = Object.fromEntries(TOKEN_NAMES.map((name) => [name, tokenText(config[name])]))
  return (prompt) =>
    template.render({
      ...tokens,
      messages: [{ role: 'user', content: prompt }],
      tools: null,
      documents: null,
      add_generation_prompt: true,
    })
}

/** `chat_template` of tokenizer_config.json: a text, or named ones of which `default` is for chats without tools. */
function templateIn({ chat_template: entry }: JsonObject): string | null {
  if (typeof entry === 'string') return entry
  const named = Array.isArray(entry) ? entry.filter(isObject) : []
  const chosen = named.find(({ name }) => name === 'default')?.template
  return typeof chosen === 'string' ? chosen : null
}

function tokenText(token: unknown): string | undefined {
  if (typeof token === 'string') return token
  return isObject(token) && typeof token.content === 'string' ? token.content : undefined
}
