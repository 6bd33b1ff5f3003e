/** Whose tokens both sides count. */
export const CHECKED_TOKENS = ['prompt', 'answer'] as const
export type CheckedTokens = (typeof CHECKED_TOKENS)[number]

/** The server’s counts of tokens held against ours, over one request or many; plain JSON. */
export interface TokenCheck {
  readonly requests: number
  /** Requests whose counts differ. */
  readonly different: number
  /** By our tokenizer. */
  readonly own: number
  /** By the server’s usage. */
  readonly server: number
  /** Least and most of what the server counted more; negative = less. */
  readonly leastSurplus: number
  readonly mostSurplus: number
}

export function tokenCheck(own: number, server: number): TokenCheck {
  const surplus = server - own
  return {
    requests: 1,
    different: surplus === 0 ? 0 : 1,
    own,
    server,
    leastSurplus: surplus,
    mostSurplus: surplus,
  }
}

/** Both together. The order does not matter. */
export function bothChecks(a: TokenCheck, b: TokenCheck): TokenCheck {
  return {
    requests: a.requests + b.requests,
    different: a.different + b.different,
    own: a.own + b.own,
    server: a.server + b.server,
    leastSurplus: Math.min(a.leastSurplus, b.leastSurplus),
    mostSurplus: Math.max(a.mostSurplus, b.mostSurplus),
  }
}
