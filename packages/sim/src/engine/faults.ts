/** What goes wrong with a request on purpose. */
export type Fault =
  /** Answered with an HTTP error at once. */
  | { readonly kind: 'fail'; readonly status: number }
  /** After so many tokens: the socket is destroyed, an error event ends the stream, or nothing comes any more. */
  | { readonly kind: 'die' | 'error' | 'stall'; readonly afterTokens: number }

export interface FaultOptions {
  readonly failEvery: number | null
  readonly failStatus: number
  readonly dieEvery: number | null
  readonly dieAfterTokens: number | null
  readonly errorEvery: number | null
  readonly errorAfterTokens: number | null
  readonly stallEvery: number | null
  readonly stallAfterTokens: number | null
}

const DEFAULT_AFTER_TOKENS = 10

/** The fault of request number `ordinal`, counted from 1; of several that fall on it, the first kind. */
export function faultOf(options: FaultOptions, ordinal: number): Fault | null {
  const falls = (every: number | null) => every !== null && ordinal % every === 0
  if (falls(options.failEvery)) return { kind: 'fail', status: options.failStatus }
  const midStream = [
    ['die', options.dieEvery, options.dieAfterTokens],
    ['error', options.errorEvery, options.errorAfterTokens],
    ['stall', options.stallEvery, options.stallAfterTokens],
  ] as const
  for (const [kind, every, afterTokens] of midStream) {
    if (every === null && afterTokens === null) continue
    if (falls(every ?? 1)) return { kind, afterTokens: afterTokens ?? DEFAULT_AFTER_TOKENS }
  }
  return null
}
