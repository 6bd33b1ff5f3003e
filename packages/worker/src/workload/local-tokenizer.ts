import { readFile } from 'node:fs/promises'
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers'
import { LoadError, messageOf } from '@llmload/core'
import { chatTemplateOf } from './chat-template.js'
import type { TokenizerFiles } from './find-tokenizer.js'
import { isObject, type JsonObject, parseJsonObject } from './json-object.js'
import type { Tokenizer } from './tokenizer.js'

/**
 * A tokenizer from its files. With `chat`, prompts are counted inside the model's chat template.
 * Throws LoadError where a file cannot be read or the template is missing.
 */
export async function openLocalTokenizer(files: TokenizerFiles, chat: boolean): Promise<Tokenizer> {
  const description = `tokenizer.json in ${files.source}`
  try {
    const json = parseJsonObject(await readFile(files.tokenizerJson, 'utf8'))
    const config = files.tokenizerConfig ? parseJsonObject(await readFile(files.tokenizerConfig, 'utf8')) : {}
    const tokenizer = new HubTokenizer(splitAtSpaces(json), config)
    const count = (text: string, add_special_tokens: boolean) =>
      tokenizer.encode(text, { add_special_tokens }).ids.length
    const inTemplate = chat ? await chatTemplateOf(files, config) : null
    return {
      kind: 'local',
      description,
      unitsPerToken: 1,
      // A chat template writes its special tokens itself; vLLM adds none to them.
      countPrompt: inTemplate ? (prompt) => count(inTemplate(prompt), false) : (prompt) => count(prompt, true),
      countText: (text) => (text === '' ? 0 : count(text, false)),
      close: async () => {},
    }
  } catch (error) {
    if (error instanceof LoadError) throw error
    throw new LoadError(
      'TOKENIZER',
      `the ${description} cannot be used: ${messageOf(error)}`,
      "check that it is the model's own file and complete; without --tokenizer the server's /tokenize counts, if it has one",
      { cause: error },
    )
  }
}

/** Where a text can be cut for a model that keeps spaces as `▁` at the beginning of its tokens. */
const BEFORE_SPACE = {
  type: 'Split',
  pattern: { Regex: '(?<=[\\p{L}\\p{P}])(?=▁)' },
  behavior: 'Isolated',
  invert: false,
}
const SPACE_INSIDE = /[\p{L}\p{P}]▁/u

/**
 * Llama 2, Mistral and Gemma merge bytes over the whole text, which takes five times as long as word
 * by word. A merge makes a token of the vocabulary; so where none of them has a space after a letter
 * or punctuation, no merge crosses such a place, and a cut there changes nothing.
 */
function splitAtSpaces(json: JsonObject): JsonObject {
  const { model, pre_tokenizer: existing } = json
  if (!isObject(model) || model.type !== 'BPE' || !isObject(model.vocab)) return json
  if (!JSON.stringify([json.normalizer, existing]).includes('▁')) return json
  if (Object.keys(model.vocab).some((token) => SPACE_INSIDE.test(token))) return json
  const pretokenizers = isObject(existing) ? [existing, BEFORE_SPACE] : [BEFORE_SPACE]
  return { ...json, pre_tokenizer: { type: 'Sequence', pretokenizers } }
}
