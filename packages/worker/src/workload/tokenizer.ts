/** What counts tokens. */
export interface Tokenizer {
  readonly kind: 'local' | 'server' | 'estimate'
  /** For logs and reports: `tokenizer.json in /data/llm/x`. */
  readonly description: string
  /** How many units of `countPrompt` make a token. Only an estimate has others than tokens. */
  readonly unitsPerToken: number
  /**
   * Length of a prompt as `usage.prompt_tokens` of the server will have it: with the special tokens
   * that it adds to a completion, or with the template that it puts around a chat message.
   */
  countPrompt(prompt: string): number | Promise<number>
  /** Tokens of generated text, without anything around it; null where that takes a server. */
  readonly countText: ((text: string) => number) | null
  close(): Promise<void>
}
