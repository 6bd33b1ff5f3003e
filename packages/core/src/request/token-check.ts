import { z } from 'zod'

/** Whose tokens both sides count. */
export const CHECKED_TOKENS = ['prompt', 'answer'] as const
export type CheckedTokens = (typeof CHECKED_TOKENS)[number]

const count = z.int().min(0)

/** The server’s counts of tokens held against ours, over one request or many; plain JSON. */
export const tokenCheckSchema = z.strictObject({
  requests: count.describe('Answered requests of which both sides counted the tokens'),
  different: count.describe('Those of them whose counts differ'),
  own: count.describe('Tokens of all of them by the tokenizer that the prompts were made with'),
  server: count.describe('The same by the server’s usage'),
  leastSurplus: z.int().describe('Least of what the server counted more in one of them; negative = less'),
  mostSurplus: z.int().describe('Most of it'),
})
export type TokenCheck = Readonly<z.infer<typeof tokenCheckSchema>>

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
