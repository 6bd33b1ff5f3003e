import type { Plan, Secrets } from '@llmload/core'
import { findTokenizer } from './find-tokenizer.js'
import { openLocalTokenizer } from './local-tokenizer.js'
import { openServerTokenizer, ServerHasNone } from './server-tokenizer.js'
import type { Tokenizer } from './tokenizer.js'

/** English text over the tokenizers in use: between 3.8 and 4.6 characters. */
const ESTIMATED_CHARS_PER_TOKEN = 4

const estimate: Tokenizer = {
  kind: 'estimate',
  description: `estimate of ${ESTIMATED_CHARS_PER_TOKEN} characters per token`,
  unitsPerToken: ESTIMATED_CHARS_PER_TOKEN,
  countPrompt: (prompt) => prompt.length,
  countText: null,
  close: async () => {},
}

interface OpenedTokenizer {
  readonly tokenizer: Tokenizer
  readonly warnings: readonly string[]
}

/**
 * The tokenizer of a plan: the one it names, else the server's own, else an estimate with a warning.
 * Throws LoadError if the named one cannot be had or the server fails.
 */
export async function openTokenizer(
  plan: Plan,
  secrets: Secrets,
  onNote: (line: string) => void,
): Promise<OpenedTokenizer> {
  const { tokenizer } = plan.workload
  if (tokenizer !== null) {
    const files = await findTokenizer(tokenizer, { env: process.env, onNote })
    return { tokenizer: await openLocalTokenizer(files, plan.target.chat), warnings: [] }
  }
  try {
    return { tokenizer: await openServerTokenizer(plan.target, secrets), warnings: [] }
  } catch (error) {
    if (!(error instanceof ServerHasNone)) throw error
    const warning =
      `the server counts no tokens for us (${error.message}), so the prompts have about ${plan.workload.promptTokens} ` +
      `tokens by an ${estimate.description}; --tokenizer makes them exact`
    return { tokenizer: estimate, warnings: [warning] }
  }
}
