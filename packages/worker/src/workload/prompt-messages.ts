import type { ErrorCode } from '@llmload/core'
import type { MadePrompt } from './prompt-maker.js'

/** What the socket thread asks of the prompt thread. */
export type PromptRequest =
  | { readonly type: 'make'; readonly indices: readonly number[] }
  | { readonly type: 'count'; readonly id: number; readonly text: string }

/** What the prompt thread says. */
export type PromptReply =
  | { readonly type: 'note'; readonly line: string }
  | {
      readonly type: 'opened'
      readonly description: string
      readonly countsTokens: boolean
    }
  | { readonly type: 'made'; readonly prompts: readonly MadePrompt[]; readonly warnings: readonly string[] }
  | { readonly type: 'counted'; readonly id: number; readonly tokens: number }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string }
