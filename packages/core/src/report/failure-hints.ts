import type { RunReport } from './run-report.js'

interface FailureHint {
  /** Servers' words that give it away; it looks at `Failure.message`. */
  readonly words: RegExp
  /** Only for one of the two APIs. */
  readonly chat?: boolean
  readonly hint: string
}

/** 404 and 405 mean that a path is not there, but vLLM also answers 404 to a model that it does not have. */
const NO_SUCH_PATH = /^HTTP (404|405)\b(?!.*model.*(not exist|not found|no such))/i

const FAILURE_HINTS: readonly FailureHint[] = [
  {
    words: /^HTTP (401|403)\b/,
    hint: 'the server wants a key, or another one: set LLMLOAD_API_KEY',
  },
  {
    words: /(?<!not a )\bchat model|v1\/chat\/completions|not support (the )?completions/i,
    chat: false,
    hint: 'this looks like a chat-only model: use --chat',
  },
  {
    words: NO_SUCH_PATH,
    chat: false,
    hint: 'the server has no /v1/completions: try --chat',
  },
  {
    words: /chat template|not a chat model|not support (the )?chat/i,
    chat: true,
    hint: 'this looks like a base model without a chat template: use --no-chat',
  },
  {
    words: NO_SUCH_PATH,
    chat: true,
    hint: 'the server has no /v1/chat/completions: try --no-chat',
  },
  {
    words: /context length|maximum.*(length|tokens)|too (long|large)/i,
    hint: 'prompt and answer together are longer than the server allows: lower --prompt-tokens or --max-tokens',
  },
  {
    words: /^HTTP 429\b/,
    hint: 'the server limits the rate of requests: lower --qps or --users, or raise its limit',
  },
  {
    words: /EMFILE|ENFILE/,
    hint: 'this host ran out of file descriptors: raise `ulimit -n`',
  },
  {
    words: /EADDRNOTAVAIL/,
    hint: 'this host ran out of ports: spread the load over more hosts',
  },
]

/** What could be done about the failures of a run: for each error the first hint that fits, and each hint once. */
export function hintsOf({ errors, plan }: Pick<RunReport, 'errors' | 'plan'>): string[] {
  const hints = FAILURE_HINTS.filter(({ chat }) => chat === undefined || chat === plan.target.chat)
  return [...new Set(errors.flatMap(({ error }) => hints.find(({ words }) => words.test(error))?.hint ?? []))]
}
